import { type Entry, numbers, registry } from '../label/index.js';
import { cat, div, mean, mul, reshape, sigmoid, softmax, square, sub } from '../tensor/index.js';
import { dirichletRelaxation } from './dirichlet.js';
import { edgeNormalised } from './edge-normalised.js';
import { gumbelRelaxation, sampledRelaxation } from './gumbel.js';
import { type Relaxation, relaxation } from './relaxation.js';

/**
 * DARTS' continuous relaxation: softmax over the operations of each edge (paper, eq 6), of alpha / τ where the knob
 * `temperature` is τ.
 */
export const softmaxRelaxation: Relaxation = relaxation(
  'softmax',
  (alpha, { knobs: { temperature = 1 } }) => softmax(temperature === 1 ? alpha : div(alpha, temperature)),
  { simplex: true, knobs: ['temperature'] },
);

/**
 * FairDARTS (Chu et al. 2020): operations do not compete, each weighs sigmoid(alpha). Alpha starts at 0, and its loss
 * has the zero-one term −weight · mean((sigmoid(alpha) − 0.5)²), which drives weights to 0 or 1. Throws a RangeError
 * unless the weight is >= 0.
 */
export const sigmoidRelaxation = (weight = 10): Relaxation => {
  if (!(weight >= 0))
    throw new RangeError(`Cannot relax alpha: the weight of the zero-one loss must be >= 0, got ${weight}`);
  return relaxation(weight === 10 ? 'sigmoid' : `sigmoid(${weight})`, (alpha) => sigmoid(alpha), {
    start: 'zeros',
    penalty: (ops) => mul(mean(square(sub(sigmoid(cat(ops.map((alpha) => reshape(alpha, [-1])))), 0.5))), -weight),
  });
};

const alone = (relax: Relaxation): Entry<Relaxation> => ({
  usage: relax.label,
  make: (args) => (args.length === 0 ? relax : undefined),
});

/** All relaxations by their spelling. */
export const relaxations = registry<Relaxation>('relaxation', {
  softmax: alone(softmaxRelaxation),
  sigmoid: {
    usage: 'sigmoid or sigmoid(weight of the zero-one loss)',
    make: (args) => {
      const values = numbers(args, 0, 1);
      return values && sigmoidRelaxation(...values);
    },
  },
  gumbel: alone(gumbelRelaxation),
  sampled: alone(sampledRelaxation),
  dirichlet: alone(dirichletRelaxation),
  edgeNormalised: {
    usage: 'edgeNormalised or edgeNormalised(relaxation)',
    make: ([inner, ...more], read) => {
      if (more.length > 0) return undefined;
      const own = inner === undefined ? softmaxRelaxation : read(inner);
      return own.label.startsWith('edgeNormalised') ? undefined : edgeNormalised(own);
    },
  },
});
