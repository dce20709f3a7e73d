import {
  add,
  detach,
  dirichletGradient,
  div,
  elu,
  mul,
  noGrad,
  sampleDirichlet,
  sub,
  sum,
  type Tensor,
} from '../tensor/index.js';
import { type Relaxation, relaxation } from './relaxation.js';

/** The concentration of each operation: elu(alpha) + 1, which is above 0. */
const concentration = (alpha: Tensor): Tensor => add(elu(alpha), 1);

const total = (x: Tensor): Tensor => sum(x, { dim: -1, keepdim: true });

/**
 * A draw x of the Dirichlet distribution of these concentrations c, row by row, with the pathwise gradient ∂x_i/∂c_j =
 * D_j (δ_ij − x_i), D as libtorch has it. Written as x + v − x Σ v with v = D (c − sg(c)), which is 0.
 */
const draw = (c: Tensor): Tensor => {
  const { x, scale } = noGrad(() => {
    const sample = sampleDirichlet(c);
    return { x: sample, scale: dirichletGradient(sample, c) };
  });
  const v = mul(sub(c, detach(c)), scale);
  return sub(add(x, v), mul(x, total(v)));
};

/**
 * DrNAS (Chen et al. 2021): operation weights are drawn from a Dirichlet distribution of concentration elu(alpha) + 1.
 * Untrained passes, and the cells, have its mean, c / Σ c.
 */
export const dirichletRelaxation: Relaxation = relaxation('dirichlet', (alpha) => draw(concentration(alpha)), {
  samples: true,
  expected: (alpha) => div(concentration(alpha), total(concentration(alpha))),
});
