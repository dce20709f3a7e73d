import { cat, type Reading, readSource, relu, type Tensor } from '../tensor/index.js';
import type { Branch, FusedOp } from './primitive.js';

/** What a cell gives to the next: its channels, in one tensor or in several side by side. Each: [batch, channels, h, w] */
export type Features = readonly Tensor[];

/** Features in one tensor. */
export const joined = (features: Features): Tensor => {
  const [only, ...more] = features;
  return only !== undefined && more.length === 0 ? only : cat(features, { dim: 1 });
};

/** A node's value as the plain operations that read it see it: what several of them need is computed once for all. */
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

/** What fused operations read from a node's value, in one pass over it; in the order of `ops`. */
export const readings = (x: Features, ops: readonly FusedOp[]): Reading[] => {
  const groups = new Map<string | FusedOp, FusedOp[]>();
  for (const op of ops) groups.set(op.key ?? op, [...(groups.get(op.key ?? op) ?? []), op]);
  if (groups.size === 0) return [];
  const readers = [...groups.values()].flatMap(([op, ...more]) =>
    op === undefined ? [] : [{ ...op.reader(), copies: 1 + more.length }],
  );
  const results = readSource(x, readers);
  const found = new Map<string | FusedOp, Reading[]>([...groups.keys()].map((key, i) => [key, results[i] ?? []]));
  return ops.flatMap((op) => found.get(op.key ?? op)?.shift() ?? []);
};
