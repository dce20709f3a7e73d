import { expandAugment } from '../augment/index.js';
import type { Dataset } from '../data/index.js';
import { type Plan, stepsOf } from '../experiment/index.js';
import { runPhases } from '../loop/index.js';
import { rng } from '../tensor/index.js';
import type { Pace } from './budget.js';

const WARM = 2; // steps that pay for memory and caches that a run pays for once
const LEAST = 4; // steps, or batches of validation, that are measured at least
const ENOUGH = 2.5; // seconds after which no more are
const SAVING = 0.1; // seconds that a checkpoint and a record take at the end of each epoch

/** The mean time between what is yielded, the first few apart; `enough` says when to stop. */
const meanSeconds = async (events: AsyncIterable<{ readonly type: string }>, type: string): Promise<number> => {
  let from = performance.now();
  let seen = 0;
  for await (const event of events) {
    if (event.type !== type) continue;
    seen++;
    const spent = (performance.now() - from) / 1000;
    if (seen === WARM) from = performance.now();
    else if (seen >= WARM + LEAST && spent > ENOUGH) return spent / (seen - WARM);
  }
  // All steps: if there were fewer than the warm-up, they count themselves.
  return (performance.now() - from) / 1000 / Math.max(1, seen > WARM ? seen - WARM : seen);
};

/**
 * Measures what an epoch of a plan takes on this machine, as it is now: steps of a throw-away network on the images
 * themselves. The mean and not the best of them counts, since other work on the machine will be there later as well.
 */
export const measurePace = async (
  plan: Plan,
  { dataset, flip, device }: { dataset: Dataset; flip?: boolean | undefined; device: string },
): Promise<Pace> => {
  const random = rng.state();
  const { batchSize } = plan;
  const augment = expandAugment(plan.augment, { usual: dataset.augment, flip });
  // Phases after the first may be long, and take no such steps.
  const live = (steps: number) => runPhases(plan.phases.slice(0, 1), { dataset, batchSize, augment, steps, device });
  const measure = async (steps: number, type: string): Promise<number> => {
    const running = live(steps);
    try {
      return await meanSeconds(running, type);
    } finally {
      running.dispose();
    }
  };
  try {
    const stepsPerEpoch = stepsOf(plan, dataset.train.labels.length);
    const perStep = await measure(Math.max(stepsPerEpoch, WARM + LEAST), 'step');
    const validations = Math.ceil(dataset.valid.labels.length / batchSize);
    const perBatch = validations === 0 ? perStep / 3 : await measure(1, 'validation');
    return {
      stepsPerEpoch,
      perStep,
      perValidation: validations * perBatch + SAVING,
      test: Math.ceil(dataset.test.labels.length / batchSize) * perBatch,
    };
  } finally {
    rng.restore(random);
  }
};
