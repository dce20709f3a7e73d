import fc from 'fast-check';
import type { Reads } from '../../src/space/index.js';
import { noise } from './fixtures.js';

// What the fused operations are tried with: sizes and switches are drawn by fast-check, the numbers follow from the
// case's own seed.

/** What every operation takes. */
export interface Case {
  readonly images: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly threads: number;
  readonly seed: number;
  /** How x lies in memory when it is given: the wrappers in src/space bring it to channels-last. */
  readonly rows: boolean;
  /** How the gradient of the result comes in; `expanded` is one number for all, as the gradient of a sum is. */
  readonly gradient: 'rows' | 'channelsLast' | 'expanded';
}

/**
 * Where one copy of a reading goes: into a sum of readings of its shape, to plain operators, or nowhere; and the affine
 * part of its norm there.
 */
export interface UseCase {
  readonly to: 'sum 0' | 'sum 1' | 'plain' | 'nowhere';
  readonly gamma: boolean;
  readonly beta: boolean;
}

export interface ReaderCase {
  readonly kind: Reads['kind'];
  readonly kernel: number;
  readonly dilation: number;
  readonly stride: 1 | 2;
  /** Whether it has the case's number of outputs, not that of x. */
  readonly other: boolean;
  readonly normed: boolean;
  /** One for each copy. */
  readonly uses: readonly UseCase[];
}

/** One source and all that reads it. */
export interface ReadCase extends Case {
  readonly outputs: number;
  readonly readers: readonly ReaderCase[];
  /** Whether norms use the batch's statistics. */
  readonly ofBatch: boolean;
  /** How the source is made of x: not at all, or it is a reading of x of that kind, to be normalised. */
  readonly before: 'nothing' | 'self' | 'separable';
  readonly middle: { readonly gamma: boolean; readonly beta: boolean; readonly stride: 1 | 2 };
  /** Channels of the tensors in which x lies side by side. */
  readonly parts: readonly number[];
  /** How often a tensor that is no reading is a term of every sum. */
  readonly beside: 0 | 1 | 2;
  /** Few different values: most windows of a pool then have their maximum more than once. */
  readonly ties: boolean;
  /** Which gradients are asked for, of all inputs in turn: an alpha step asks for none of a weight. */
  readonly wanted: readonly boolean[];
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

const stride = fc.constantFrom<(1 | 2)[]>(1, 2);
const use: fc.Arbitrary<UseCase> = fc.record({
  to: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<UseCase['to'][]>('sum 0', 'sum 1') },
    { weight: 1, arbitrary: fc.constantFrom<UseCase['to'][]>('plain', 'nowhere') },
  ),
  gamma: fc.boolean(),
  beta: fc.boolean(),
});
const anyReader: fc.Arbitrary<ReaderCase> = fc.record({
  kind: fc.constantFrom<Reads['kind'][]>(
    'separable',
    'separable',
    'dense',
    'pointwise',
    'reduction',
    'max',
    'avg',
    'self',
    'relu',
  ),
  kernel: fc.constantFrom(1, 3, 5, 7, 9),
  dilation: fc.constantFrom(1, 2, 3),
  stride,
  other: fc.boolean(),
  normed: fc.boolean(),
  uses: fc.array(use, { minLength: 1, maxLength: 3 }),
});
/** A ReLU of x has no norm, and goes to sums. */
const reader = anyReader.map((r): ReaderCase => {
  if (r.kind !== 'relu') return r;
  return { ...r, normed: false, uses: r.uses.map((u) => ({ ...u, to: u.to === 'plain' ? 'sum 0' : u.to })) };
});
/** The ReLU of x has one reader. */
const oneRelu = (readers: readonly ReaderCase[]): ReaderCase[] =>
  readers.map((r, i) =>
    r.kind === 'relu' && readers.slice(0, i).some(({ kind }) => kind === 'relu') ? { ...r, kind: 'self' } : r,
  );
const drawn = {
  ...base,
  outputs: fc.integer({ min: 1, max: CHANNELS }),
  readers: fc.array(reader, { minLength: 1, maxLength: 5 }).map(oneRelu),
  ofBatch: fc.boolean(),
  beside: fc.constantFrom<(0 | 1 | 2)[]>(0, 1, 2),
  ties: fc.boolean(),
  wanted: fc.oneof(fc.constant([true]), fc.array(fc.boolean(), { minLength: 1, maxLength: 7 })),
  middle: fc.record({ gamma: fc.boolean(), beta: fc.boolean(), stride }),
};

/** Readers of x as it is, in one tensor. */
export const readCase: fc.Arbitrary<ReadCase> = fc
  .record({ ...drawn, before: fc.constant<'nothing'>('nothing') })
  .map((c) => ({ ...c, parts: [c.channels] }));

/** What several tensors side by side are read by, and a source behind a norm: nothing that reads x without its ReLU. */
const convolutions = (readers: readonly ReaderCase[]): ReaderCase[] =>
  readers.map((r) => (['max', 'avg', 'self', 'relu'].includes(r.kind) ? { ...r, kind: 'pointwise' } : r));

/** Readers of a reading of x. */
export const afterCase: fc.Arbitrary<ReadCase> = fc
  .record({ ...drawn, before: fc.constantFrom<('self' | 'separable')[]>('self', 'separable') })
  .map((c) => ({ ...c, parts: [c.channels], readers: convolutions(c.readers) }));

/**
 * Readers of an x that lies in several tensors: of whole vectors of channels, or of any numbers, which the wrapper in
 * src/space makes one of.
 */
export const partsCase: fc.Arbitrary<ReadCase> = fc
  .oneof(
    fc
      .tuple(readCase, fc.array(fc.constantFrom(16, 32), { minLength: 2, maxLength: 3 }))
      .map(([c, parts]) => ({ ...c, parts, readers: convolutions(c.readers) })),
    fc
      .tuple(readCase, fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 2, maxLength: 4 }))
      .map(([c, parts]) => ({ ...c, parts })),
  )
  .map((c) => ({ ...c, channels: c.parts.reduce((a, b) => a + b) }));

/** What Winograd's algorithm computes: 3×3 convolutions of enough channels and pixels, among other readers. */
export const threeByThreeCase: fc.Arbitrary<ReadCase> = fc.oneof(readCase, afterCase).map((c) => {
  const channels = 8 + (c.channels % 33);
  const readers = c.readers.map(
    (r, i): ReaderCase => (i % 2 === 0 ? { ...r, kind: 'dense', kernel: 3, dilation: 1, stride: 1 } : r),
  );
  return {
    ...{ ...c, channels, readers, parts: [channels], outputs: 8 + (c.outputs % 33) },
    ...{ height: c.height + 3, width: c.width + 3 },
  };
});

export const specials: fc.Arbitrary<Special[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    value: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  }),
  { minLength: 1, maxLength: 4 },
);

/** One case of every number of channels from 1 to 40, the rest drawn. */
export const everyChannelCount = (arbitrary: fc.Arbitrary<ReadCase>, seed: number): ReadCase[] =>
  fc.sample(arbitrary, { seed, numRuns: CHANNELS }).map((c, i) => ({ ...c, channels: i + 1, parts: [i + 1] }));

/** float32 numbers, even over [from, to). */
export const numbers = (seed: number, n: number, { from = -1, to = 1 } = {}): Float32Array =>
  Float32Array.from(noise(seed, n), (v) => from + ((v + 1) / 2) * (to - from));

/** How many numbers a shape holds. */
export const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

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
/**
 * Moves the values of x whose normalised value is within 0.01 of ReLU's kink away from it, again and again, as each
 * move shifts the statistics.
 */
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

const large = (
  readers: readonly Pick<ReaderCase, 'kind' | 'normed' | 'uses'>[],
  rest: Partial<ReadCase>,
): ReadCase => ({
  ...{ images: 64, channels: 16, height: 32, width: 32, threads: 2, seed: 7, rows: false, gradient: 'channelsLast' },
  ...{ outputs: 16, ofBatch: true, before: 'nothing', middle: { gamma: true, beta: true, stride: 1 }, parts: [16] },
  ...{ beside: 1, ties: false, wanted: [true] },
  readers: readers.map((r) => ({ kernel: 3, dilation: 1, stride: 1, other: false, ...r })),
  ...rest,
});
const summed: UseCase = { to: 'sum 0', gamma: true, beta: true };
/** Tensors of 2²⁰ floats: sums of few terms and of more than four, a source in parts, and one behind a norm. */
export const largeCases: readonly ReadCase[] = [
  large(
    [
      { kind: 'separable', normed: true, uses: [summed] },
      { kind: 'self', normed: false, uses: [summed] },
    ],
    {},
  ),
  large([{ kind: 'self', normed: true, uses: Array.from({ length: 5 }, () => summed) }], {}),
  large([{ kind: 'pointwise', normed: true, uses: [summed] }], { channels: 32, parts: [16, 16] }),
  large([{ kind: 'pointwise', normed: true, uses: [summed] }], { before: 'self' }),
];
