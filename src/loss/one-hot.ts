import { arange, eq, reshape, type Tensor } from '../tensor/index.js';

/** True at each image's label. labels: int64 [batch] → bool [batch, classes] */
export const oneHot = (labels: Tensor, { shape: [, classes = 0], device }: Tensor): Tensor =>
  eq(reshape(labels, [-1, 1]), arange(classes, { device }));
