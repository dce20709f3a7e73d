import fc from 'fast-check';
import { noise } from './fixtures.js';

// What the fused operations are tried with: sizes and switches are drawn by fast-check, the numbers follow from the case's own seed.

/** What every operation takes. */
export interface Case {
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly threads: number;
  readonly seed: number;
  /** How x lies in memory when it is given: the doors in src/tensor bring it to channels-last. */
  readonly rows: boolean;
  /** How the gradient of the result comes in; `expanded` is one number for all, as the gradient of a sum is. */
  readonly gradient: 'rows' | 'channelsLast' | 'expanded';
}

export type Norm = 'none' | 'batch' | 'running';

export interface SepCase extends Case {
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly norm: Norm;
  readonly gamma: boolean;
  readonly beta: boolean;
  /** Which gradients are asked for: an alpha step asks for none of a weight. */
  readonly wanted: readonly ('x' | 'gamma' | 'beta' | 'depthwise' | 'pointwise')[];
}

export interface NodeCase extends Case {
  readonly terms: readonly { readonly normed: boolean; readonly wanted: boolean }[];
  readonly ofBatch: boolean;
  readonly wanted: boolean;
  /** The first raw is also the last, as a skip from a node that is read twice. */
  readonly twice: boolean;
}

export interface PoolCase extends Case {
  readonly stride: number;
  readonly which: 'max' | 'avg';
  /** Few different values: most windows then have their maximum more than once. */
  readonly ties: boolean;
}

/** A value that is not finite, and where in x, as a part of its length. */
export interface Special {
  readonly at: number;
  readonly value: number;
}

export const CHANNELS = 40;
const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.integer({ min: 16, max: 21 }) }, // enough rows to be cut for several threads
);
const base = {
  images: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 1, arbitrary: fc.integer({ min: 16, max: 25 }) },
  ),
  channels: fc.integer({ min: 1, max: CHANNELS }),
  height: size,
  width: size,
  threads: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat({ max: 1e6 }),
  rows: fc.boolean(),
  gradient: fc.constantFrom('rows', 'channelsLast', 'expanded'),
} satisfies { [K in keyof Case]: fc.Arbitrary<Case[K]> };

export const anyCase: fc.Arbitrary<Case> = fc.record(base);

/** Of one or two pixels the variance can be 0: there is no deviation that a mean could be 1000 of. */
export const severalPixels = anyCase.map((c) => ({ ...c, width: c.width + 5 }));

export const sepCase: fc.Arbitrary<SepCase> = fc
  .record({
    ...base,
    outputs: fc.integer({ min: 1, max: CHANNELS }),
    kernel: fc.constantFrom(1, 3, 5, 7, 9), // 1 and 9 go a generic way
    stride: fc.constantFrom(1, 2),
    dilation: fc.constantFrom(1, 2, 3),
    norm: fc.constantFrom<Norm>('none', 'batch', 'running'),
    gamma: fc.boolean(),
    beta: fc.boolean(),
    wanted: fc.subarray<SepCase['wanted'][number]>(['x', 'gamma', 'beta', 'depthwise', 'pointwise']),
  })
  // One value a channel is its own mean: without beta, ReLU would stand on its kink.
  .map((c) => ({ ...c, beta: c.beta || (c.norm === 'batch' && c.images * c.height * c.width === 1) }));

export const nodeCase: fc.Arbitrary<NodeCase> = fc.record({
  ...base,
  terms: fc.array(fc.record({ normed: fc.boolean(), wanted: fc.boolean() }), { minLength: 1, maxLength: 8 }),
  ofBatch: fc.boolean(),
  wanted: fc.boolean(),
  twice: fc.boolean(),
});

export const poolCase: fc.Arbitrary<PoolCase> = fc.record({
  ...base,
  stride: fc.integer({ min: 1, max: 3 }),
  which: fc.constantFrom('max', 'avg'),
  ties: fc.boolean(),
});

export const specials: fc.Arbitrary<Special[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  }),
  { minLength: 1, maxLength: 4 },
);

/** One case of every number of channels from 1 to 40, the rest drawn. */
export const everyChannelCount = <T extends Case>(arbitrary: fc.Arbitrary<T>, seed: number): T[] =>
  fc.sample(arbitrary, { seed, numRuns: CHANNELS }).map((c, i) => ({ ...c, channels: i + 1 }));

/** float32 numbers, even over [from, to). */
export const numbers = (seed: number, n: number, { from = -1, to = 1 } = {}): Float32Array =>
  Float32Array.from(noise(seed, n), (v) => from + ((v + 1) / 2) * (to - from));

/** Numbers of either sign that are not near 0. */
export const awayFromZero = (seed: number, n: number, { least = 0.1, most = 1.5 } = {}): Float32Array =>
  numbers(seed, n).map((v) => Math.sign(v || 1) * (least + Math.abs(v) * (most - least)));

export const EPSILON = 1e-5;

/** Mean and biased variance of each channel of row-major [images, channels, pixels]. */
export const moments = (x: Float32Array, { images, channels }: Case): { mean: number; variance: number }[] =>
  Array.from({ length: channels }, (_, c) => {
    const own = indicesOf(c, { images, channels, length: x.length }).map((i) => x[i] ?? 0);
    const mean = own.reduce((sum, v) => sum + v, 0) / own.length;
    return { mean, variance: own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / own.length };
  });

const indicesOf = (
  c: number,
  { images, channels, length }: { images: number; channels: number; length: number },
): number[] => {
  const pixels = length / images / channels;
  return Array.from({ length: images * pixels }, (_, i) => {
    const n = Math.floor(i / pixels);
    return (n * channels + c) * pixels + (i - n * pixels);
  });
};

const KINK = 0.01;
/** Moves the values of x whose normalised value is within 0.01 of ReLU's kink away from it, again and again, as each move shifts the statistics. */
export const pushFromKink = (
  x: Float32Array,
  c: Case,
  { gamma, beta }: { gamma?: Float32Array | undefined; beta?: Float32Array | undefined },
): Float32Array => {
  for (let round = 0; round < 100; round++) {
    let near = 0;
    for (const [channel, { mean, variance }] of moments(x, c).entries()) {
      const slope = (gamma?.[channel] ?? 1) / Math.sqrt(variance + EPSILON);
      for (const i of indicesOf(channel, { ...c, length: x.length })) {
        const z = ((x[i] ?? 0) - mean) * slope + (beta?.[channel] ?? 0);
        if (Math.abs(z) >= KINK) continue;
        near++;
        x[i] = (x[i] ?? 0) + ((z < 0 ? -1 : 1) * 3 * KINK) / slope;
      }
    }
    if (near === 0) return x;
  }
  throw new Error('Cannot draw x: it does not leave the kink of ReLU');
};
