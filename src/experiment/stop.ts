import { numbers, registry } from '../label/index.js';
import type { StopRule } from '../loop/index.js';

/** Continues to the last epoch: what a search does unless another rule is named. */
const never: StopRule = { label: 'never', reason: () => undefined };

/**
 * Stops when one cell has at least so many skip connections: the collapse of DARTS (DARTS+, criterion 1: 2 in a normal
 * cell).
 */
const skips = (most: number): StopRule => ({
  label: `skips(${most})`,
  reason: (epochs) => {
    for (const [component, kinds] of Object.entries(epochs.at(-1)?.genotype ?? {})) {
      const edges = kinds.normal?.nodes.flat() ?? [];
      const found = edges.filter(({ op }) => op === 'skip_connect').length;
      if (found >= most) return `the normal cell of ${component} has ${found} skip connections`;
    }
    return undefined;
  },
});

/** When a search ends before its last epoch. */
export const stopRules = registry<StopRule>('stop rule', {
  never: { usage: 'never', make: (args) => (args.length === 0 ? never : undefined) },
  skips: {
    usage: 'skips or skips(n), n a whole number >= 1',
    make: (args) => {
      const [most = 2] = numbers(args, 0, 1) ?? [Number.NaN];
      return Number.isInteger(most) && most >= 1 ? skips(most) : undefined;
    },
  },
});
