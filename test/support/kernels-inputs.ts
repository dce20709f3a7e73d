import type { NormState } from '../../src/nn/index.js';
import { batchNorm, noGrad, scope, tensor } from '../../src/tensor/index.js';
import {
  awayFromZero,
  count,
  EPSILON,
  numbers,
  pushFromKink,
  type ReadCase,
  type ReaderCase,
  type Special,
} from './kernels-cases.js';
import { plainOps } from './kernels-plain.js';
import { firstReader, outputsOf, runningOf, seedOf, sumsOf } from './kernels-program.js';
import type { Inputs } from './kernels-twins.js';

// The numbers of a case. No value stands so near a kink of ReLU that float32 and float64 could see it on different
// sides.

interface Drawn {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}
type Named = readonly (readonly [name: string, drawn: Drawn])[];

/** The weights of a reader, such that results are near 1. */
const weightsOf = (c: ReadCase, name: string, r: ReaderCase): Named => {
  const drawn = (which: string, shape: readonly number[], terms: number) => {
    const values = numbers(seedOf(c, `${name}.${which}`), count(shape)).map((v) => (2 * v) / Math.sqrt(terms));
    return [`${name}.${which}`, { values, shape }] as const;
  };
  const pointwise = (which: string, outputs: number) => drawn(which, [outputs, c.channels, 1, 1], c.channels);
  const outputs = outputsOf(c, r);
  switch (r.kind) {
    case 'separable':
      return [drawn('depthwise', [c.channels, 1, r.kernel, r.kernel], r.kernel ** 2), pointwise('pointwise', outputs)];
    case 'dense':
      return [drawn('dense', [outputs, c.channels, r.kernel, r.kernel], c.channels * r.kernel ** 2)];
    case 'pointwise':
      return [pointwise('pointwise', outputs)];
    case 'reduction':
      return [pointwise('pointwise', Math.floor(outputs / 2)), pointwise('second', Math.ceil(outputs / 2))];
    default:
      return [];
  }
};

const affineOf = (c: ReadCase, name: string, channels: number, has: { gamma: boolean; beta: boolean }): Named =>
  (['gamma', 'beta'] as const)
    .filter((which) => has[which])
    .map((which) => {
      const range = which === 'gamma' ? { least: 0.5 } : { most: 0.6 };
      return [
        `${name}.${which}`,
        { values: awayFromZero(seedOf(c, `${name}.${which}`), channels, range), shape: [channels] },
      ];
    });

const shapeOf = ({ images, channels, height, width }: ReadCase): number[] => [images, channels, height, width];
const draw = (c: ReadCase): Float32Array => {
  const n = count(shapeOf(c));
  return c.ties && c.before === 'nothing' ? numbers(c.seed, n).map((v) => Math.round(2 * v)) : awayFromZero(c.seed, n);
};

/** x that will be read behind its own norm, and that norm's gain and bias. */
const beforeSelf = (c: ReadCase): { x: Float32Array; middle: Named } => {
  const pixels = c.height * c.width;
  // One value a channel is its own mean: without beta, ReLU would stand on its kink.
  const beta = c.middle.beta || (c.ofBatch && c.images * pixels === 1);
  const middle = affineOf(c, 'middle', c.channels, { ...c.middle, beta });
  const values = new Map(middle.map(([name, drawn]) => [name.split('.')[1], drawn.values]));
  const affine = { gamma: values.get('gamma'), beta: values.get('beta') };
  const x = draw(c);
  if (c.ofBatch) return { x: pushFromKink(x, c, affine), middle };
  const { mean, variance } = runningOf(c, 'middle', c.channels);
  // What is drawn is the normalised value, x what becomes it.
  const raw = x.map((z, i) => {
    const k = Math.floor(i / pixels) % c.channels;
    const slope = (affine.gamma?.[k] ?? 1) / Math.sqrt((variance[k] ?? 1) + EPSILON);
    return (z - (affine.beta?.[k] ?? 0)) / slope + (mean[k] ?? 0);
  });
  return { x: raw, middle };
};

/** What to add to numbers so that 0 stands in the widest gap between those of the middle half. */
const intoGap = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [only = 0] = sorted;
  let best = { width: 0, centre: only - 0.3 };
  for (let i = Math.floor(sorted.length / 4); i < Math.ceil((3 * sorted.length) / 4) && i + 1 < sorted.length; i++) {
    const [low = 0, high = 0] = sorted.slice(i, i + 2);
    if (high - low > best.width) best = { width: high - low, centre: (low + high) / 2 };
  }
  return -best.centre;
};

/** As `beforeSelf`, of x that is first convolved: the bias moves the kink to where no value is. */
const beforeSeparable = (c: ReadCase): { x: Float32Array; middle: Named } => {
  const x = draw(c);
  const weights = weightsOf(c, 'middle', firstReader(c));
  const gain = affineOf(c, 'middle', c.channels, { gamma: c.middle.gamma, beta: false });
  const shifts = scope(() =>
    noGrad(() => {
      const exact = ({ values, shape }: Drawn) => tensor(Float64Array.from(values), { shape });
      const [depthwise, pointwise] = weights.map(([, drawn]) => exact(drawn));
      if (depthwise === undefined || pointwise === undefined) throw new Error('there are no weights');
      const { mean, variance } = runningOf(c, 'middle', c.channels);
      const row = (values: Float32Array) => exact({ values, shape: [c.channels] });
      const norm: NormState = {
        runningMean: row(mean),
        runningVar: row(variance),
        ofBatch: c.ofBatch,
        gamma: null,
        beta: null,
      };
      const half = { depthwise: { value: depthwise }, pointwise: { value: pointwise } };
      const reads = { kind: 'separable', ...half, stride: c.middle.stride, dilation: 1 } as const;
      const [[reading] = []] = plainOps().readSource([exact({ values: x, shape: shapeOf(c) })], [{ reads }]);
      if (reading === undefined) throw new Error('there is no reading');
      const [, gamma] = gain[0] ?? [];
      const z = batchNorm(reading.raw, {
        runningMean: norm.runningMean,
        runningVar: norm.runningVar,
        weight: gamma === undefined ? null : exact(gamma),
        training: c.ofBatch,
        eps: EPSILON,
      });
      const all = z.toArray();
      const pixels = all.length / c.images / c.channels;
      return Array.from({ length: c.channels }, (_, k) =>
        intoGap(all.filter((_value, i) => Math.floor(i / pixels) % c.channels === k)),
      );
    }),
  );
  return {
    x,
    middle: [...weights, ...gain, ['middle.beta', { values: Float32Array.from(shifts), shape: [c.channels] }]],
  };
};

const put = (values: Float32Array, specials: readonly Special[]): Float32Array => {
  for (const { at, value } of specials) values[Math.floor(at * values.length)] = value;
  return values;
};

/** x in the tensors in which it lies. */
const inParts = (c: ReadCase, x: Float32Array): Named => {
  const pixels = c.height * c.width;
  let first = 0;
  return c.parts.map((channels, p) => {
    const from = first;
    first += channels;
    const values = x.filter((_, i) => {
      const k = Math.floor(i / pixels) % c.channels;
      return k >= from && k < from + channels;
    });
    return [`x${p}`, { values, shape: shapeOf({ ...c, channels }) }];
  });
};

/** All inputs of the program of a case. */
export const inputsOf = (c: ReadCase, specials: readonly Special[] = []): Inputs => {
  const make = {
    nothing: () => ({ x: draw(c), middle: [] }),
    self: () => beforeSelf(c),
    separable: () => beforeSeparable(c),
  };
  const { x, middle } = make[c.before]();
  const readers = c.readers.flatMap((r, i) => [
    ...weightsOf(c, `${i}`, r),
    ...(r.normed ? r.uses.flatMap((use, j) => affineOf(c, `${i}.${j}`, outputsOf(c, r), use)) : []),
  ]);
  const sums = [...sumsOf(c)].flatMap(([name, { shape, terms }]): Named => {
    const weights = { values: awayFromZero(seedOf(c, `${name}.weights`), terms.length), shape: [terms.length] };
    const raw = { values: numbers(seedOf(c, `${name}.raw`), count(shape), { from: -1.2, to: 1.8 }), shape };
    return [[`${name}.weights`, weights], ...(c.beside > 0 ? [[`${name}.raw`, raw] as const] : [])];
  });
  const all: Named = [...inParts(c, put(x, specials)), ...middle, ...readers, ...sums];
  return Object.fromEntries(
    all.map(([name, drawn], i) => [name, { ...drawn, wanted: c.wanted[i % c.wanted.length] ?? true }]),
  );
};
