import { relu, type Tensor } from '../tensor/index.js';

/** A node's value as the operations that read it see it: what several of them need is computed once for all. */
export interface Source {
  readonly x: Tensor; // [batch, channels, h, w]
  /** ReLU of x: nearly every primitive starts with it. */
  readonly relu: Tensor;
  /** The value of `make`, computed by whoever asks first. */
  once<T>(key: string, make: () => T): T;
  /** All that was computed once, for the scope of a node to hand on: it would otherwise be released with the node that asked first. */
  readonly made: ReadonlyMap<string, unknown>;
}

/** Wraps a node's value for one forward pass. */
export const source = (x: Tensor): Source => {
  const made = new Map<string, unknown>();
  const once = <T>(key: string, make: () => T): T => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
  };
  return {
    x,
    get relu() {
      return once('relu', () => relu(x));
    },
    once,
    made,
  };
};
