import { isDeepStrictEqual } from 'node:util';
import { numbers, registry, withDefaults } from '../label/index.js';
import type { Epoch, StopRule } from '../loop/index.js';
import type { SearchSpace } from '../space/index.js';

/** A rule that ends a search before its last epoch, as it is spelled. */
export interface SearchStop {
  readonly label: string;
  /** What epochs must have been measured for it. */
  readonly needs?: 'eigenvalue';
  /** Epochs that it needs before it can end a search; 1 unless said. `eigenvalue`: how often that is measured. */
  least?(o: { readonly eigenvalue: number }): number;
  /** See `StopRule`; `space` names the operations of the columns of operation weights. */
  reason(epochs: readonly Epoch[], space: SearchSpace): string | undefined;
  goesBackTo?(epochs: readonly Epoch[]): number | undefined;
}

/** The epochs in which alpha learned: while it waits, rankings and cells are those of chance. */
const learned = (epochs: readonly Epoch[]): Epoch[] => epochs.filter(({ knobs }) => (knobs['archWait'] ?? 0) === 0);

/**
 * Whether alpha of a component has had a gradient by then. While the mixing is 1 that of the class head has none, and
 * its optimizer moves it by decay alone.
 */
const moved = (component: string, epochs: readonly Epoch[]): boolean =>
  epochs.some(({ gradNorm }) => (gradNorm['alpha']?.[component] ?? 1) > 0);

/** The rule as the loop asks it. */
export const stopFor = ({ label, reason, goesBackTo }: SearchStop, space: SearchSpace): StopRule => ({
  label,
  reason: (epochs) => {
    const own = learned(epochs);
    return own.length === 0 ? undefined : reason(own, space);
  },
  ...(goesBackTo && { goesBackTo: (epochs) => goesBackTo(learned(epochs)) }),
});

/** Continues to the last epoch: what a search does unless another rule is named. */
const never: SearchStop = { label: 'never', reason: () => undefined };

/**
 * Stops when one cell has at least so many skip connections: the collapse of DARTS (DARTS+, criterion 1: 2 in a normal
 * cell; Liang et al. 2019).
 */
const skips = (most: number): SearchStop => ({
  label: `skips(${most})`,
  reason: (epochs) => {
    for (const [component, kinds] of Object.entries(epochs.at(-1)?.genotype ?? {})) {
      if (!moved(component, epochs)) continue;
      const edges = kinds.normal?.nodes.flat() ?? [];
      const found = edges.filter(({ op }) => op === 'skip_connect').length;
      if (found >= most) return `the normal cell of ${component} has ${found} skip connections`;
    }
    return undefined;
  },
});

/** The columns of operations with weights, going by their names. */
export const convolutions = ({ primitives }: SearchSpace): number[] =>
  primitives.flatMap(({ name }, column) => (name.includes('conv') ? [column] : []));

/** The operations with weights in the order of their strength, of each edge of each cell. */
const rankings = ({ opWeights = {} }: Epoch, space: SearchSpace): number[][] => {
  const learnable = convolutions(space);
  return Object.values(opWeights).flatMap((kinds) =>
    Object.values(kinds).flatMap((edges) =>
      edges.map((row) => [...learnable].sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0))),
    ),
  );
};

/**
 * Stops when the order of the convolutions on every edge has been the same for so many epochs (DARTS+, criterion 1*:
 * 10; Liang et al. 2019).
 */
const stable = (count: number): SearchStop => ({
  label: `stable(${count})`,
  least: () => count,
  reason: (epochs, space) => {
    const last = epochs.slice(-count).map((epoch) => rankings(epoch, space));
    if (last.length < count || last[0]?.length === 0) return undefined;
    return last.every((one) => isDeepStrictEqual(one, last[0]))
      ? `the order of the convolutions on every edge has been the same for ${count} epochs`
      : undefined;
  },
});

/** Eigenvalues of which a mean is taken. */
const WINDOW = 5;
/** How many means earlier the one is that a mean is compared with. */
const LAG = 4;

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * The epoch to go back to, and how much the eigenvalue has grown since; undefined unless the last mean is that large.
 */
const sharpening = (
  epochs: readonly Epoch[],
  { factor, from }: { factor: number; from: number },
): { epoch: number; growth: number } | undefined => {
  const measured = epochs.flatMap(({ eigenvalue, epoch }) => (eigenvalue === undefined ? [] : [{ eigenvalue, epoch }]));
  if (measured.at(-1)?.epoch !== epochs.at(-1)?.epoch) return undefined;
  const window = (end: number): number =>
    meanOf(measured.slice(Math.max(0, end - WINDOW), end).map(({ eigenvalue }) => eigenvalue));
  const middle = measured[measured.length - 1 - (WINDOW - 1) / 2 - LAG];
  const first = epochs[0]?.epoch ?? 0;
  if (middle === undefined || middle.epoch - first < from) return undefined;
  const growth = window(measured.length) / window(measured.length - LAG);
  return growth > factor ? { epoch: middle.epoch, growth } : undefined;
};

/**
 * RobustDARTS' early stopping (Zela et al. 2020): the Hessian's dominant eigenvalue, as a mean of 5 measurements, has
 * grown by `factor` over the last 4. The cells are then those of the epoch before it grew. That epoch is at least the
 * `from`th.
 */
const eigenvalue = (factor = 1.3, from = 10): SearchStop => {
  if (!(factor > 0) || !(from >= 0))
    throw new RangeError(
      `Cannot stop by eigenvalues: the factor must be > 0 and the epoch >= 0, got ${factor}, ${from}`,
    );
  return {
    label: factor === 1.3 && from === 10 ? 'eigenvalue' : `eigenvalue(${factor}, ${from})`,
    needs: 'eigenvalue',
    // Of a mean in the middle of its window, after `from`, and of one LAG measurements later.
    least: ({ eigenvalue: every }) => every * ((WINDOW - 1) / 2 + LAG + Math.ceil(from / every)) + 1,
    reason: (epochs) => {
      const found = sharpening(epochs, { factor, from });
      return found && `the eigenvalue has grown ${found.growth.toFixed(2)} times`;
    },
    goesBackTo: (epochs) => sharpening(epochs, { factor, from })?.epoch,
  };
};

const counted = (name: string, usual: number, make: (n: number) => SearchStop) => ({
  usage: `${name} or ${name}(n), n a whole number >= 1`,
  make: (args: Parameters<typeof numbers>[0]) => {
    const [n = usual] = numbers(args, 0, 1) ?? [Number.NaN];
    return Number.isInteger(n) && n >= 1 ? make(n) : undefined;
  },
});

/** When a search ends before its last epoch. */
export const stopRules = registry<SearchStop>('stop rule', {
  never: { usage: 'never', make: (args) => (args.length === 0 ? never : undefined) },
  skips: counted('skips', 2, skips),
  stable: counted('stable', 10, stable),
  eigenvalue: withDefaults('eigenvalue', ['factor', 'first epoch'], eigenvalue),
});
