import { type Loss, REWEIGHT, reweighted, USUAL_BETA } from '../loss/index.js';
import { constant, requireFraction, type Schedule, schedules } from '../schedule/index.js';
import type { Values } from './experiment.js';
import { LEARNING } from './learning-options.js';
import { labelOf, numberIn, option } from './option.js';

const NEVER = constant(0).label;

/** Options of (deferred) re-weighting by effective number of images, over any loss. */
export const reweightOptions = {
  reweight: option(
    {
      value: '<schedule>',
      help:
        'strength of re-weighting by class in the loss, 0 to 1: ' +
        `"step(0.8)" from 80 % of training on, "${NEVER}" never`,
      group: LEARNING,
    },
    (value) => requireFraction(labelOf(schedules)(value), 'Cannot re-weight: the share of the weights'),
  ),
  reweightBeta: option(
    { value: '<beta>', help: 'with --reweight: beta of the effective number of images', group: LEARNING },
    numberIn({ least: 0, below: 1 }),
  ),
};

/** Nothing is re-weighted unless said. */
export const notReweighted: Values = { reweight: NEVER, reweightBeta: USUAL_BETA };

interface Reweighting {
  readonly loss: Loss;
  readonly reweight: Schedule;
  readonly reweightBeta: number;
}

/** The loss as it is trained, and the knobs that it needs. Throws a RangeError on a β that would do nothing. */
export const weighing = ({
  loss,
  reweight,
  reweightBeta: beta,
}: Reweighting): Pick<Reweighting, 'loss'> & {
  readonly knobs: Readonly<Record<string, Schedule>>;
} => {
  if (reweight.label !== NEVER)
    return { loss: reweighted(loss, { beta, last: reweight(1) }), knobs: { [REWEIGHT]: reweight } };
  if (beta !== USUAL_BETA)
    throw new RangeError('Cannot use --reweight-beta: only --reweight has a beta; give that too, or leave it out');
  return { loss, knobs: {} };
};
