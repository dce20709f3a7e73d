import type { NormState } from '../../src/nn/index.js';
import type { NodeTerm, Reader, Reads } from '../../src/space/index.js';
import { mul, type Tensor } from '../../src/tensor/index.js';
import { type Case, numbers, type ReadCase, type ReaderCase } from './kernels-cases.js';
import type { Ops } from './kernels-plain.js';
import { of, type Program, tensorOf } from './kernels-twins.js';

// What is done in a case, written once for the fused operations and for what stands in for them.

const EMPTY: readonly never[] = [];

/** Channels of a reader's result. */
export const outputsOf = (c: ReadCase, { kind, other }: ReaderCase): number => {
  if (['max', 'avg', 'self', 'relu'].includes(kind)) return c.channels;
  return Math.max(kind === 'reduction' ? 2 : 1, other ? c.outputs : c.channels);
};
const strideOf = ({ kind, stride }: ReaderCase): 1 | 2 =>
  kind === 'reduction' ? 2 : ['pointwise', 'self', 'relu'].includes(kind) ? 1 : stride;

/** [height, width] of the source. */
const sourceSize = ({ before, middle, height, width }: ReadCase): [number, number] => {
  const by = before === 'separable' ? middle.stride : 1;
  return [Math.ceil(height / by), Math.ceil(width / by)];
};

/** A term of a sum: a copy of a reading, or a tensor that is none. */
type TermCase = { readonly reader: number; readonly use: number } | { readonly raw: string };
interface SumCase {
  readonly shape: readonly number[];
  readonly terms: readonly TermCase[];
}

/** The sums of a case: copies of one shape that go to the same sum, and the tensor beside them. */
export const sumsOf = (c: ReadCase): ReadonlyMap<string, SumCase> => {
  const [height, width] = sourceSize(c);
  const sums = new Map<string, SumCase>();
  for (const [reader, r] of c.readers.entries())
    for (const [use, { to }] of r.uses.entries()) {
      if (to === 'plain' || to === 'nowhere') continue;
      const [outputs, by] = [outputsOf(c, r), strideOf(r)];
      const name = `${to} of ${outputs}/${by}`;
      const shape = [c.images, outputs, Math.ceil(height / by), Math.ceil(width / by)];
      sums.set(name, { shape, terms: [...(sums.get(name)?.terms ?? EMPTY), { reader, use }] });
    }
  for (const [name, { shape, terms }] of sums) {
    const beside = Array.from({ length: c.beside }, () => ({ raw: `${name}.raw` }));
    // Between the readings, so that neither kind comes first always.
    sums.set(name, { shape, terms: [...beside.slice(0, 1), ...terms, ...beside.slice(1)] });
  }
  return sums;
};

/**
 * The program of a case. Results: the sums, what plain operators make of readings; facts: moments, and running
 * statistics that have moved.
 */
export const programOf =
  (c: ReadCase, { readSource, nodeSum }: Ops): Program =>
  (t, dtype) => {
    const facts: Record<string, Tensor> = {};
    const normOf = (name: string, channels: number): Omit<NormState, 'gamma' | 'beta'> => {
      const { mean, variance } = runningOf(c, name, channels);
      const runningMean = tensorOf({ values: mean, shape: [channels] }, dtype);
      const runningVar = tensorOf({ values: variance, shape: [channels] }, dtype);
      facts[`${name}.runningMean`] = runningMean;
      facts[`${name}.runningVar`] = runningVar;
      return { runningMean, runningVar, ofBatch: c.ofBatch };
    };
    const affine = (name: string) => ({ gamma: t[`${name}.gamma`] ?? null, beta: t[`${name}.beta`] ?? null });
    const readsOf = (name: string, r: ReaderCase): Reads => {
      const weight = (which: string) => ({ value: of(t, `${name}.${which}`) });
      const stride = strideOf(r);
      switch (r.kind) {
        case 'separable':
          return {
            kind: r.kind,
            depthwise: weight('depthwise'),
            pointwise: weight('pointwise'),
            stride,
            dilation: r.dilation,
          };
        case 'dense':
          return { kind: r.kind, weight: weight('dense'), stride, dilation: r.dilation };
        case 'pointwise':
          return { kind: r.kind, weight: weight('pointwise') };
        case 'reduction':
          return { kind: r.kind, weights: [weight('pointwise'), weight('second')] };
        case 'self':
        case 'relu':
          return { kind: r.kind };
        default:
          return { kind: r.kind, stride };
      }
    };
    const x = c.parts.map((_, p) => of(t, `x${p}`));
    const read = (readers: readonly Reader[]) => {
      if (c.before === 'nothing') return readSource(x, readers);
      const norm = { ...normOf('middle', c.channels), ...affine('middle') };
      const [[reading] = []] = readSource(x, [{ reads: readsOf('middle', firstReader(c)), norm }]);
      if (reading === undefined) throw new Error('there is no reading');
      facts['middle.moments'] = reading.moments;
      return readSource([reading.raw], readers, { after: { moments: reading.moments, norm } });
    };
    const readings = read(
      c.readers.map((r, i): Reader => {
        const norm = r.normed ? { ...normOf(`${i}`, outputsOf(c, r)), gamma: null, beta: null } : undefined;
        return { reads: readsOf(`${i}`, r), norm, copies: r.uses.length };
      }),
    );
    const results: Record<string, Tensor> = {};
    for (const [i, r] of c.readers.entries())
      for (const [j, { to }] of r.uses.entries()) {
        const reading = readings[i]?.[j];
        if (reading === undefined) throw new Error('there is no reading');
        facts[`${i}.moments`] = reading.moments;
        if (to === 'plain') results[`${i}.${j}`] = mul(reading.raw, 0.5);
      }
    for (const [name, { terms }] of sumsOf(c)) {
      const given = terms.map((term): NodeTerm => {
        if ('raw' in term) return { raw: of(t, term.raw) };
        const reading = readings[term.reader]?.[term.use];
        if (reading === undefined) throw new Error('there is no reading');
        return { ...reading, ...affine(`${term.reader}.${term.use}`) };
      });
      results[name] = nodeSum(given, { weights: of(t, `${name}.weights`), ofBatch: c.ofBatch });
    }
    return { results, facts };
  };

/** The reader of x whose reading is the source. */
export const firstReader = ({ before, middle }: ReadCase): ReaderCase => ({
  kind: before === 'separable' ? before : 'self',
  kernel: 3,
  dilation: 1,
  stride: middle.stride,
  other: false,
  normed: true,
  uses: [],
});

/** A seed for each name. */
export const seedOf = (c: Case, name: string): number =>
  [...name].reduce((seed, letter) => (31 * seed + letter.charCodeAt(0)) % 1_000_003, c.seed);

/** The running statistics of a norm before the pass. */
export const runningOf = (c: Case, name: string, channels: number) => ({
  mean: numbers(seedOf(c, `${name}.mean`), channels, { from: -0.5, to: 0.5 }),
  variance: numbers(seedOf(c, `${name}.variance`), channels, { from: 0.5, to: 2 }),
});
