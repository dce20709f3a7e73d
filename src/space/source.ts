import { relu, type Tensor } from '../tensor/index.js';
import type { Branch } from './primitive.js';

/** A node's value as the operations that read it see it: what several of them need is computed once for all. */
export interface Source {
  readonly x: Tensor; // [batch, channels, h, w]
  /** ReLU of x: nearly every primitive starts with it. */
  readonly relu: Tensor;
  /** The value of `make`, computed by whoever asks first. */
  once(key: string, make: () => Branch): Branch;
  /** All that was computed once, for the scope of a node to hand on: it would otherwise be released with the node that asked first. */
  readonly made: ReadonlyMap<string, Branch>;
}

/** Wraps a node's value for one forward pass. */
export const source = (x: Tensor): Source => {
  const made = new Map<string, Branch>();
  const once = (key: string, make: () => Branch): Branch => {
    const value = made.get(key) ?? make();
    made.set(key, value);
    return value;
  };
  return {
    x,
    get relu() {
      return once('relu', () => ({ raw: relu(x) })).raw;
    },
    once,
    made,
  };
};
