import type { Alpha } from '../net/index.js';
import {
  add,
  cat,
  clone,
  enableGrad,
  inPlace,
  like,
  mul,
  narrow,
  noGrad,
  norm,
  randn,
  reshape,
  scope,
  sub,
  sum,
  type Tensor,
  to,
} from '../tensor/index.js';
import { randomOf } from './random.js';

/** Products of the Hessian with a vector that an estimate takes: each costs two gradients. */
const PRODUCTS = 10;
/** How far alpha is moved to either side for a product; the gradient's rounding, 1e-7 of it, is divided by this. */
const DISTANCE = 1e-2;

/**
 * The largest eigenvalue of a symmetric tridiagonal matrix, by bisection on the signs of its leading minors (Sturm).
 */
export const largestOfTridiagonal = (diagonal: readonly number[], beside: readonly number[]): number => {
  const radius = diagonal.map((_, i) => Math.abs(beside[i - 1] ?? 0) + Math.abs(beside[i] ?? 0));
  let low = Math.min(...diagonal.map((d, i) => d - (radius[i] ?? 0)));
  let high = Math.max(...diagonal.map((d, i) => d + (radius[i] ?? 0)));
  /** How many eigenvalues are below x. */
  const below = (x: number): number => {
    let [count, pivot] = [0, 1];
    for (const [i, d] of diagonal.entries()) {
      pivot = d - x - (i === 0 ? 0 : (beside[i - 1] ?? 0) ** 2 / pivot);
      if (pivot === 0) pivot = Number.EPSILON;
      if (pivot < 0) count++;
    }
    return count;
  };
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (below(middle) < diagonal.length) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};

/**
 * The largest eigenvalue, by sign and not by size, of a symmetric matrix of which only products with vectors are known:
 * Lanczos' method, each new direction made orthogonal to all before. `size` is the matrix's, `product` maps [size] to
 * [size]. The start is drawn from `rng`. Float64.
 */
export const largestEigenvalue = (
  product: (direction: Tensor) => Tensor,
  { size, products = PRODUCTS }: { size: number; products?: number },
): number =>
  scope(() =>
    noGrad(() => {
      const dot = (x: Tensor, y: Tensor): number => sum(mul(x, y)).item();
      const unit = (x: Tensor): Tensor => mul(x, 1 / norm(x).item());
      const found = [unit(randn([size], { dtype: 'float64' }))];
      const [diagonal, beside]: [number[], number[]] = [[], []];
      for (let i = 0; i < Math.min(products, size); i++) {
        const direction = found[i];
        if (direction === undefined) break;
        let next = product(direction);
        diagonal.push(dot(next, direction));
        for (let turn = 0; turn < 2; turn++) for (const one of found) next = sub(next, mul(one, dot(next, one)));
        const length = norm(next).item();
        if (!(length > 1e-9 * Math.abs(diagonal[0] ?? 1))) break; // they hold all that the start reaches
        beside.push(length);
        found.push(unit(next));
      }
      return largestOfTridiagonal(diagonal, beside);
    }),
  );

/**
 * The dominant eigenvalue of the Hessian of a loss in alpha (RobustDARTS; Zela et al. 2020): the curvature of the loss
 * at the current alpha. Products come from differences of the gradient, H v ≈ (∇(α + ε v) − ∇(α − ε v)) / 2ε, so
 * nothing is differentiated twice. `gradient` gives the gradient of the loss in each alpha at its present value.
 * `decay` is alpha's L2 decay, which the authors include. Alpha and the random state do not change.
 */
export const dominantEigenvalue = (
  alphas: readonly Alpha[],
  { gradient, decay }: { gradient: () => readonly Tensor[]; decay: number },
): number => {
  const sizes = alphas.map(({ value }) => value.shape.reduce((a, b) => a * b, 1));
  const size = sizes.reduce((a, b) => a + b, 0);
  const random = randomOf(alphas[0]?.value ?? { device: 'cpu' });
  return scope(() => {
    const own = noGrad(() => alphas.map(({ value }) => clone(value)));
    /** The gradient where alpha is moved along a direction. [size], float64 */
    const at = (direction: Tensor, distance: number): Tensor =>
      scope(() => {
        noGrad(() => {
          let start = 0;
          for (const [i, { value }] of alphas.entries()) {
            const part = reshape(narrow(direction, 0, start, sizes[i] ?? 0), value.shape);
            inPlace.add(value, to(mul(part, distance), like(value)));
            start += sizes[i] ?? 0;
          }
        });
        random.restore();
        const parts = enableGrad(gradient);
        return noGrad(() => {
          for (const [i, { value }] of alphas.entries()) inPlace.copy(value, own[i] ?? value);
          return cat(parts.map((part) => to(reshape(part, [-1]), { dtype: 'float64', device: 'cpu' })));
        });
      });
    try {
      return largestEigenvalue(
        (direction) =>
          add(mul(sub(at(direction, DISTANCE), at(direction, -DISTANCE)), 0.5 / DISTANCE), mul(direction, decay)),
        { size },
      );
    } finally {
      random.restore();
    }
  });
};
