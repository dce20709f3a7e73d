import { z } from 'zod';
import type { Alpha, Supernet } from '../../src/net/index.js';
import type { TensorBatch } from '../../src/nn/index.js';
import { type Dtype, inPlace, noGrad, scope, type Tensor } from '../../src/tensor/index.js';
import { batchOf, digest, given, images, labels, matrix, noiseTensor, sizes } from './fixtures.js';

// Numbers of bilateral networks that bench/pytorch/fixtures.py took from PyTorch.

const byName = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const step = z.object({
  mixing: z.number(),
  backboneFactor: z.number(),
  trainLoss: z.number(),
  validLoss: z.number(),
  gradNorm: z.number(),
  alphaGradient: byName(digest),
  alpha: byName(matrix),
  weights: z.array(digest),
});
export const onePass = sizes.extend({
  bnScope: z.enum(['joint', 'perBranch']),
  alphaNames: z.array(z.string()),
  pass: z.object({
    mixing: z.number(),
    logits: matrix,
    loss: z.number(),
    alphaGradient: byName(matrix),
    weightGradients: z.array(digest),
    buffers: z.array(digest),
    evalLogits: matrix,
  }),
});
export const exact = onePass.extend({
  weightLr: z.number(),
  archLr: z.number(),
  ends: z.array(z.object({ mixing: z.number(), loss: z.number(), alphaGradient: byName(digest) })),
  firstOrder: z.array(step),
  secondOrder: z.array(step).optional(),
});
const apart = z.object({ alpha: z.number(), weights: z.number() });
export const rounded = onePass.extend({
  layouts: z.array(z.object({ nchwToFloat64: apart, channelsLastToFloat64: apart, channelsLastToNchw: apart })),
});
export type Bilateral = z.infer<typeof onePass>;

export const pair = (
  f: Bilateral,
  part: 'train' | 'valid',
  { k, dtype = 'float64' }: { k: number; dtype?: Dtype },
): TensorBatch[] => {
  const seeds = part === 'train' ? ([3, 33] as const) : ([13, 43] as const);
  const label =
    part === 'train'
      ? ([(i: number) => 7 * i + 3 * k, (i: number) => 3 * i + k + 2] as const)
      : ([(i: number) => 5 * i + 2 * k + 1, (i: number) => 2 * i + 4 * k + 3] as const);
  return ([0, 1] as const).map((branch) =>
    batchOf(
      images(seeds[branch] + k, f, { dtype }),
      labels(f.batch, (i) => label[branch](i) % f.classes),
    ),
  );
};

/** Gives alpha the values that the script gave PyTorch's. */
export const resetAlphas = ({ alphas, store }: Pick<Supernet, 'alphas' | 'store'>): void => {
  for (const [i, { value }] of alphas.entries())
    scope(() => noGrad(() => inPlace.copy(value, noiseTensor(i + 1, value.shape, { scale: 0.5, dtype: store.dtype }))));
};

/** Tensors, one per alpha, by the names of the fixture. */
export const byAlpha = (alphas: readonly Alpha[], tensors: readonly Tensor[]): Map<string, Tensor> =>
  new Map(alphas.map(({ component, kind }, i) => [`${component}.${kind}`, given(tensors[i])]));
