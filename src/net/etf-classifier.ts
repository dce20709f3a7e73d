import { batchNormLayer } from '../nn/index.js';
import {
  inPlace,
  linear,
  matmul,
  mul,
  noGrad,
  orthonormal,
  permute,
  randn,
  scope,
  type Tensor,
  tensor,
  to,
} from '../tensor/index.js';
import type { Classifier } from './classifier.js';
import { requireScale, unitRows } from './unit-rows.js';

/**
 * A simplex equiangular tight frame, a unit vector per class, each two at cosine −1/(C − 1), as far apart as C
 * directions can be: M = √(C/(C−1)) · P (I − 11ᵀ/C), P orthonormal columns of a random matrix, from `rng`. → [classes,
 * channels], float64. Throws a RangeError where there are more classes than channels.
 */
export const simplexFrame = ({ channels, classes }: { channels: number; classes: number }): Tensor => {
  if (channels < classes)
    throw new RangeError(
      `Cannot build classifier etf: features must have at least as many channels as there are classes, ` +
        `got ${channels} channels of ${classes} classes; take more --channels, or --classifier cosine`,
    );
  return scope(() => {
    const columns = orthonormal(randn([channels, classes], { dtype: 'float64' }));
    const rows = Array.from({ length: classes }, (_, i) =>
      Array.from({ length: classes }, (_other, j) => (i === j ? 1 : 0) - 1 / classes),
    );
    const centred = matmul(tensor(rows, { dtype: 'float64' }), permute(columns, [1, 0]));
    return mul(centred, Math.sqrt(classes / (classes - 1)));
  });
};

/**
 * A classifier that is not trained (Yang et al. 2022): the directions of the classes are a simplex frame, so that rare
 * classes cannot be crowded together. Features are batch-normalised, since those behind a ReLU lie in a corner of
 * space, and brought to unit length; logits are their cosines times `scale`.
 */
export const etfClassifier = (scale = 30): Classifier => {
  requireScale('etf', scale);
  return {
    label: `etf(${scale})`,
    cosines: { scale, fixed: true },
    build: (store, { channels, classes }) => {
      const normal = batchNormLayer(store.child('norm'), { channels, affine: true });
      const directions = store.buffer('directions', [classes, channels], 0);
      const { dtype, device } = directions;
      scope(() => noGrad(() => inPlace.copy(directions, to(simplexFrame({ channels, classes }), { dtype, device }))));
      return (features, pass) => mul(linear(unitRows(normal.apply(features, pass)), directions), scale);
    },
  };
};
