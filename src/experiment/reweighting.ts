import { type Loss, REWEIGHT, reweighted, USUAL_BETA } from '../loss/index.js';
import { constant, requireFraction, type Schedule, schedules } from '../schedule/index.js';
import type { Values } from './experiment.js';
import { LEARNING } from './learning-options.js';
import { kebab, labelOf, numberIn, option } from './option.js';

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

/** Whether a loss itself corrects for how often classes occur. */
export const corrects = ({ corrects: known, prior }: Loss): boolean => {
  const [often = 0, rarely = 0] = prior?.([0.9, 0.1], { counts: [9, 1], knobs: {} }) ?? [9, 1];
  return known ?? Math.abs(often / rarely - 9) > 1e-9;
};

/** What a training does for rare classes, and may do twice, or not at all. */
interface Corrections {
  readonly epochs: number;
  readonly loss: Loss;
  readonly reweight: Schedule;
  readonly reweightBeta: number;
  readonly sampling: string;
  readonly bilateral: boolean;
  readonly classifierStage: number;
  readonly stageLoss: Loss;
}

/** What is said of two corrections that are used together. */
export const TWICE = 'each make rare classes count as much as frequent ones, together they count more; leave one out';

/** The same where loss and batches, or what is named in `more`, correct the imbalance more than once. */
export const correctedTwice = (
  { loss, sampling, bilateral }: Pick<Corrections, 'loss' | 'sampling' | 'bilateral'>,
  more: readonly string[] = [],
): string[] => {
  const batches = bilateral ? `the ${sampling} batches of the second branch` : `--sampling ${sampling}`;
  const all = [
    ...(corrects(loss) ? [`--loss ${loss.label}`] : []),
    ...more,
    ...(sampling === 'instance' ? [] : [batches]),
  ];
  return all.length > 1 ? [`${all.join(' and ')} ${TWICE}`] : [];
};

/** Whether a schedule has one value in every epoch. */
const isConstant = (schedule: Schedule, value: number, epochs: number): boolean =>
  Array.from({ length: epochs }, (_, epoch) => epoch / epochs).every((t) => schedule(t) === value);

/** Whether a schedule is 0 in every epoch. */
export const isIdle = (schedule: Schedule, epochs: number): boolean => isConstant(schedule, 0, epochs);

/** What to know where a network of two branches never trains its class head. */
export const classHeadNotice = (phases: readonly { epochs: number; mixing: Schedule | undefined }[]): string[] =>
  phases.every(({ epochs, mixing }) => mixing !== undefined && isConstant(mixing, 1, epochs))
    ? ['the mixing is 1 in every epoch: the class head is not trained at all; take another, or more --epochs']
    : [];

/** What to know where the end of a cosine is above its beginning. name: of the option that begins it */
export const risingNotice = ({ from, to }: { from: number; to: number }, name: string): string[] =>
  to > from ? [`the learning rate rises from --${kebab(name)} ${from} to --${kebab(name)}-min ${to}`] : [];

/** What a user should know of them before the training starts. */
export const correctionNotices = (o: Corrections): string[] => {
  const { epochs, reweight, reweightBeta, classifierStage, stageLoss } = o;
  const weighs = reweight.label !== NEVER;
  const alike = reweightBeta === 0;
  const idle = alike || isIdle(reweight, epochs);
  return [
    ...(weighs && alike ? ['--reweight-beta 0 weighs all classes alike: none counts more; take 0.9 or more'] : []),
    ...(weighs && idle && !alike
      ? [`--reweight "${reweight.label}" is 0 in every epoch: no class weighs more; take more --epochs`]
      : []),
    ...correctedTwice(o, weighs && !idle ? [`--reweight "${reweight.label}"`] : []),
    ...(classifierStage > 0 && corrects(stageLoss)
      ? [`--stage-loss ${stageLoss.label} and the class-balanced batches of the stage ${TWICE}`]
      : []),
  ];
};

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
  if (reweight.label !== NEVER) return { loss: reweighted(loss, { beta }), knobs: { [REWEIGHT]: reweight } };
  if (beta !== USUAL_BETA)
    throw new RangeError('Cannot use --reweight-beta: only --reweight has a beta; give that too, or leave it out');
  return { loss, knobs: {} };
};
