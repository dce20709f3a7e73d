import { averaged, type Group } from '../group/index.js';
import type { ParameterStore } from '../nn/index.js';
import { copyEach, noGrad, rand, rng, scope, type Tensor } from '../tensor/index.js';

/** The mean over all processes of the gradients of `store.leaves`, laid end to end. [store.size] */
export const meanGradient = (
  group: Group,
  { store, gradients }: { store: ParameterStore; gradients: readonly Tensor[] },
): Tensor => {
  const own = noGrad(() => store.gather(gradients));
  return averaged(group, { tensors: [own] }).tensors[0] ?? own;
};

/**
 * All that the processes tell one another about a step of the weights: the gradient of all weights, those of further
 * leaves, and numbers become means over all processes, in one all-reduce. So do the running statistics of the batch
 * norms, in place: each process' passes have moved them by its own share of the batch.
 */
export const meanStep = (
  group: Group,
  {
    store,
    gradients,
    extra,
    numbers,
  }: {
    store: ParameterStore;
    gradients: readonly Tensor[];
    extra: readonly Tensor[];
    numbers: readonly number[];
  },
): { flat: Tensor; extra: readonly Tensor[]; numbers: readonly number[] } => {
  const flat = store.gather(gradients);
  if (group.size === 1) return { flat, extra, numbers };
  const { statistics } = store;
  const { tensors, ...means } = averaged(group, { tensors: [flat, ...extra, ...statistics], numbers });
  copyEach(statistics, tensors.slice(1 + extra.length));
  return { flat: tensors[0] ?? flat, extra: tensors.slice(1, 1 + extra.length), numbers: means.numbers };
};

/** Numbers from which each process begins a sequence of its own. */
const SEEDS = 2 ** 24;

/**
 * Runs `body` with random numbers that each process draws for itself, since each has other images: the paths that it
 * drops. Afterwards the random state is the same on all again, whatever was drawn.
 */
export const drawingApart = <T>(group: Group, body: () => T): T => {
  if (group.size === 1) return body();
  const first = scope(() => Math.floor(rand([], { dtype: 'float64' }).item() * SEEDS));
  const common = rng.state();
  rng.seed(first * group.size + group.rank);
  try {
    return body();
  } finally {
    rng.restore(common);
  }
};
