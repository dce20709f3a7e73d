import { z } from 'zod';
import type { StepReport } from '../learn/index.js';

const sums = z.record(z.string(), z.number());
/**
 * Sums over the steps of the running epoch, as checkpoints hold them; those of format 1 have the norms side by side.
 */
export const totals = z
  .object({
    steps: z.number(),
    loss: z.number(),
    accuracy: z.number(),
    gradNorm: z.record(z.string(), sums).optional(),
    weightNorm: sums.default({}),
    alphaNorm: sums.default({}),
  })
  .transform(({ gradNorm, weightNorm: weights, alphaNorm: alpha, ...rest }) => ({
    ...rest,
    gradNorm: gradNorm ?? { weights, alpha },
  }));
export interface Totals {
  steps: number;
  loss: number;
  accuracy: number;
  readonly gradNorm: Record<string, Record<string, number>>;
}

export const freshTotals = (): Totals => ({ steps: 0, loss: 0, accuracy: 0, gradNorm: {} });

/** Adds a step's measurements. */
export const addStep = (sum: Totals, { loss, accuracy, gradNorm }: StepReport): void => {
  sum.steps++;
  sum.loss += loss;
  sum.accuracy += accuracy;
  for (const [of, norms] of Object.entries(gradNorm)) {
    const own = sum.gradNorm[of] ?? {};
    sum.gradNorm[of] = own;
    for (const [component, norm] of Object.entries(norms)) own[component] = (own[component] ?? 0) + norm;
  }
};

/** Means over the epoch's steps. */
export const meansOf = ({ steps, loss, accuracy, gradNorm }: Totals): StepReport => ({
  loss: loss / steps,
  accuracy: accuracy / steps,
  gradNorm: Object.fromEntries(
    Object.entries(gradNorm).map(([of, norms]) => [
      of,
      Object.fromEntries(Object.entries(norms).map(([component, sum]) => [component, sum / steps])),
    ]),
  ),
});
