import { div, eq, maskedFill, norm, scope, type Tensor } from '../tensor/index.js';

/** Each row brought to length 1. One of zeros stays, and its gradient is finite: it is divided by 1. x: [n, k] */
export const unitRows = (x: Tensor): Tensor =>
  scope(() => {
    const lengths = norm(x, { dim: 1, keepdim: true });
    return div(x, maskedFill(lengths, eq(lengths, 0), 1));
  });

/** Throws a RangeError unless cosines can be multiplied by it. */
export const requireScale = (classifier: string, scale: number): void => {
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new RangeError(`Cannot make classifier ${classifier}: scale must be > 0, got ${scale}`);
};
