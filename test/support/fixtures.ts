import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';
import type { Pass as NetPass, ParameterStore, TensorBatch } from '../../src/nn/index.js';
import type { CellGenotype } from '../../src/space/index.js';
import { channelsLast, type Dtype, inPlace, noGrad, scope, type Tensor, tensor, to } from '../../src/tensor/index.js';

/** A tensor in three figures: its Euclidean norm, its dot product with noise(77), and its first values. */
export const digest = z.object({ norm: z.number(), dot: z.number(), head: z.array(z.number()) });
export type Digest = z.infer<typeof digest>;

export const matrix = z.array(z.array(z.number()));
const alpha = z.object({ normal: matrix, reduction: matrix });
const pass = z.object({
  logits: matrix,
  loss: z.number(),
  alphaGradient: alpha.optional(),
  weightGradients: z.array(digest),
  buffers: z.array(digest),
  evalLogits: matrix,
});
const step = z.object({
  trainLoss: z.number(),
  validLoss: z.number(),
  gradNorm: z.number(),
  alpha,
  weights: z.array(digest),
});
const named = z.object({ name: z.string(), shape: z.array(z.number()) });
const edge = z.tuple([z.string(), z.number()]);
const layout = z.object({ alpha: z.number(), weights: z.number(), worstWeight: z.number() });
export const sizes = z.object({
  channels: z.number(),
  layers: z.number(),
  nodes: z.number(),
  classes: z.number(),
  inChannels: z.number(),
  batch: z.number(),
  size: z.number(),
  edges: z.array(z.object({ node: z.number(), from: z.number() })),
  weights: z.array(named),
  buffers: z.array(named),
});

const fixture = sizes.extend({
  weightLr: z.number().optional(),
  pass: pass.optional(),
  passes: z.object({ nchw: pass, channelsLast: pass, float64: pass }).optional(),
  firstOrder: z.array(step).optional(),
  secondOrder: z.array(step).optional(),
  layouts: z
    .array(z.object({ nchwToFloat64: layout, channelsLastToFloat64: layout, channelsLastToNchw: layout }))
    .optional(),
  genotype: z
    .object({
      normal: z.array(edge),
      normalConcat: z.array(z.number()),
      reduction: z.array(edge),
      reductionConcat: z.array(z.number()),
    })
    .optional(),
});
/** Numbers that bench/pytorch/fixtures.py took from PyTorch. */
export type Fixture = z.infer<typeof fixture>;
export type Pass = z.infer<typeof pass>;

/** The JSON of a fixture file. */
export const readJson = (name: string): unknown =>
  JSON.parse(
    brotliDecompressSync(readFileSync(new URL(`../fixtures/${name}.json.br`, import.meta.url))).toString('utf8'),
  );

export const readFixture = (name: string): Fixture => fixture.parse(readJson(name));

/** A value that the fixture must have. */
export const given = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('the fixture lacks a value');
  return value;
};

/** The script's reproducible numbers in [−1, 1): mulberry32 as a counter. */
export const noise = (seed: number, n: number): Float64Array => {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const a = (seed + Math.imul(i + 1, 0x6d2b79f5)) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    out[i] = (((t ^ (t >>> 14)) >>> 0) / 4294967296) * 2 - 1;
  }
  return out;
};

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * A tensor of noise · scale + shift, rounded to `through` first: the full-size fixture's float64 run starts from
 * float32 numbers.
 */
export const noiseTensor = (
  seed: number,
  shape: readonly number[],
  {
    scale = 1,
    shift = 0,
    dtype = 'float64',
    through = dtype,
  }: { scale?: number; shift?: number; dtype?: Dtype; through?: Dtype } = {},
): Tensor =>
  scope(() =>
    to(
      to(
        tensor(
          noise(seed, count(shape)).map((x) => x * scale + shift),
          { shape },
        ),
        { dtype: through },
      ),
      { dtype },
    ),
  );

const PRIMITIVES = [
  'none',
  'max_pool_3x3',
  'avg_pool_3x3',
  'skip_connect',
  'sep_conv_3x3',
  'sep_conv_5x5',
  'dil_conv_3x3',
  'dil_conv_5x5',
];

/** What names depend on. */
export interface Named {
  readonly edges: Fixture['edges'];
  readonly genotype?: Fixture['genotype'];
}

/**
 * What we call the tensor that PyTorch's module path names. Pools belong to the state that they read; there every
 * edge's copy is the same.
 */
export const ourName = (theirs: string, { edges, genotype }: Named): string => {
  const searched = /^(cells\.\d+|instance\.cell|class\.cell)\.edges\.(\d+)\.ops\.(\d)\.(.*)$/.exec(theirs);
  if (searched !== null) {
    const [, cell, e, o, rest = ''] = searched;
    const primitive = PRIMITIVES[Number(o)] ?? '';
    if (primitive.includes('pool'))
      return `${cell}.states.${edges[Number(e)]?.from}.${primitive}.${rest.replace(/^.*\./, '')}`;
    return `${cell}.edges.${e}.${primitive}.${rest}`;
  }
  const derived = /^(cells\.(\d+))\.ops\.(\d+)\.(.*)$/.exec(theirs);
  if (derived !== null && genotype !== undefined) {
    const [, cell, , e, rest] = derived;
    const kind = Number(derived[2]) === 0 ? genotype.normal : genotype.reduction; // of 3 cells the last two reduce
    return `${cell}.edges.${e}.${kind[Number(e)]?.[0]}.${rest}`;
  }
  return theirs;
};

/** Gives every weight the value that the script gave PyTorch's. */
export const fillWeights = (
  store: ParameterStore,
  fixture: Named & { weights: Fixture['weights'] },
  { through = store.dtype }: { through?: Dtype } = {},
): void => {
  const byName = new Map(store.parameters.map((p) => [p.name, p]));
  for (const [p, { name, shape }] of fixture.weights.entries()) {
    const parameter = byName.get(ourName(name, fixture));
    if (parameter === undefined) throw new Error(`we have no weight for ${name}`);
    const scale = shape.length > 1 ? 1 / Math.sqrt(count(shape.slice(1))) : 0.1;
    const shift = shape.length === 1 && name.endsWith('weight') ? 1 : 0;
    scope(() =>
      noGrad(() =>
        inPlace.copy(parameter.value, noiseTensor(1000 + p, shape, { scale, shift, dtype: store.dtype, through })),
      ),
    );
  }
};

export const labels = (n: number, label: (i: number) => number): Tensor =>
  tensor(BigInt64Array.from({ length: n }, (_, i) => BigInt(label(i))));

interface Types {
  dtype?: Dtype;
  through?: Dtype;
}
export const images = (
  seed: number,
  { batch, inChannels, size }: Pick<Fixture, 'batch' | 'inChannels' | 'size'>,
  types: Types = {},
): Tensor => scope(() => channelsLast(noiseTensor(seed, [batch, inChannels, size, size], { scale: 1.5, ...types })));

/** A batch whose images have one label each. */
export const batchOf = (x: Tensor, y: Tensor): TensorBatch => ({ images: x, targets: [{ labels: y, share: 1 }] });

/** The labels of such a batch. */
export const labelsOf = ({ targets: [target] }: TensorBatch): Tensor => given(target).labels;

/** A pass in training mode. */
export const training: NetPass = { training: true, knobs: {} };

type Batches = Pick<Fixture, 'batch' | 'inChannels' | 'size' | 'classes'>;

export const trainBatch = (k: number, fixture: Batches, types: Types = {}): TensorBatch =>
  batchOf(
    images(3 + k, fixture, types),
    labels(fixture.batch, (i) => (7 * i + 3 * k) % fixture.classes),
  );

export const validBatch = (k: number, fixture: Batches, types: Types = {}): TensorBatch =>
  batchOf(
    images(13 + k, fixture, types),
    labels(fixture.batch, (i) => (5 * i + 2 * k + 1) % fixture.classes),
  );

/** The cell that the fixture's genotype describes: two edges a node, in order. */
export const cellOf = (edges: readonly (readonly [string, number])[], concat: readonly number[]): CellGenotype => ({
  nodes: Array.from({ length: edges.length / 2 }, (_, i) =>
    edges.slice(2 * i, 2 * i + 2).map(([op, from]) => ({ op, from })),
  ),
  concat,
});

export const digestOf = (x: Tensor): Digest => {
  const values = x.toArray();
  const vector = noise(77, values.length);
  return {
    norm: Math.sqrt(values.reduce((sum, v) => sum + v * v, 0)),
    dot: values.reduce((sum, v, i) => sum + v * (vector[i] ?? 0), 0),
    head: values,
  };
};

/**
 * How far two digests are apart, relative to the norm. Tensors whose exact value is 0 are compared with `floor`
 * instead.
 */
export const digestError = (ours: Digest, theirs: Digest, { floor = 1e-12 }: { floor?: number } = {}): number => {
  const size = Math.max(theirs.norm, floor);
  const head = theirs.head.map((v, i) => Math.abs(v - (ours.head[i] ?? Number.NaN)));
  return Math.max(Math.abs(ours.norm - theirs.norm), Math.abs(ours.dot - theirs.dot), ...head) / size;
};
