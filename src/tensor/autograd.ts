import { native } from './native.js';
import { zerosLike } from './ops.js';
import { optionsOf } from './options.js';
import { Tensor } from './tensor.js';

interface GradOptions {
  /** The vector of the vector-Jacobian product, one per output; not needed for scalars. */
  gradOutputs?: readonly Tensor[];
  /** Keep the graph for a second call. */
  retainGraph?: boolean;
  /** Record the gradient computation itself, for higher derivatives. */
  createGraph?: boolean;
  /** What an input that no output depends on gets: an error (default), or zeros. */
  unused?: 'error' | 'zeros';
}
const known = optionsOf<GradOptions>({ gradOutputs: true, retainGraph: true, createGraph: true, unused: true });

/**
 * Gradients of `outputs` with respect to `inputs`, one tensor an input, of its shape. Nothing is accumulated anywhere:
 * there is no `.grad`. Throws when an output needs no gradient, or when an input is unused (unless `unused: 'zeros'`).
 */
export const grad = (
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): Tensor[] => {
  const { gradOutputs = [], retainGraph = false, createGraph = false, unused = 'error' } = known(options, 'take grad');
  const handles = native().grad(
    (outputs instanceof Tensor ? [outputs] : outputs).map((t) => t.handle),
    inputs.map((t) => t.handle),
    gradOutputs.map((t) => t.handle),
    retainGraph || createGraph,
    createGraph,
    unused === 'zeros',
  );
  return inputs.map((input, i) => {
    const handle = handles[i] ?? 0;
    return handle === 0 ? zerosLike(input) : new Tensor(handle);
  });
};

const withGradMode = <T>(enabled: boolean, body: () => T): T => {
  const before = native().setGradMode(enabled);
  try {
    const result = body();
    if (result instanceof Promise)
      throw new TypeError('Cannot switch gradients: the function must be synchronous, it returned a promise');
    return result;
  } finally {
    native().setGradMode(before);
  }
};

/** Runs `body` without recording operations for differentiation: for evaluation, and for updates in place. */
export const noGrad = <T>(body: () => T): T => withGradMode(false, body);

/** Records again inside `noGrad`. */
export const enableGrad = <T>(body: () => T): T => withGradMode(true, body);
