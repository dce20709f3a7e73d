import type { BatchNorm, Store } from '../nn/index.js';
import type { Stats, Tensor } from '../tensor/index.js';
import type { Source } from './source.js';

/**
 * What an operation gives to its node: its tensor *before* the last batch norm, and that norm. The node normalises, weights and sums
 * all its branches in one place, so neither a normalised nor a weighted copy of a branch need be kept.
 */
export interface Branch {
  readonly raw: Tensor; // [batch, channels, h / stride, w / stride]
  readonly norm?: BatchNorm;
  /** How a fused reader normalises `raw`, where that is known already; it stands in for `norm`. */
  readonly stats?: Stats;
}

/** An operation in place on an edge. `undefined` is the zero of `none`: it costs nothing. */
export type Op = (source: Source) => Branch | undefined;

/** Where an operation is built. */
export interface OpContext {
  readonly store: Store;
  /** A place for what belongs to the source node and is shared by all edges that leave it. */
  readonly sourceStore: Store;
  readonly channels: number;
  readonly stride: 1 | 2;
  /** True in the supernet: batch norms have no affine part, and pools are followed by one. */
  readonly search: boolean;
}

/** A candidate operation of the search space. */
export interface Primitive {
  /** DARTS' spelling, as genotypes have it. */
  readonly name: string;
  build(context: OpContext): Op;
}
