import type { BatchNorm, Store } from '../nn/index.js';
import type { Reader, Reading, Tensor } from '../tensor/index.js';
import type { Source } from './source.js';

/**
 * What an operation gives to its node: its tensor *before* the last batch norm, and that norm. The node normalises, weights and sums
 * all its branches in one place, so neither a normalised nor a weighted copy of a branch need be kept.
 */
export interface Branch {
  readonly raw: Tensor; // [batch, channels, h / stride, w / stride]
  readonly norm?: BatchNorm | undefined;
  /** The statistics of `raw`, where it is a fused reading. */
  readonly moments?: Tensor;
}

/** An operation written with plain operators. `undefined` is the zero of `none`: it costs nothing. */
export type PlainOp = (source: Source) => Branch | undefined;

/** An operation that reads its source through the fused kernels: all such operations on a node's value read it in one pass. */
export interface FusedOp {
  reader(): Reader;
  /** Operations of one source with the same key read the same; it is computed once for all of them. */
  readonly key?: string;
  /** What it makes of the reading. */
  branch(reading: Reading): Branch;
}

/** An operation in place on an edge. */
export type Op = PlainOp | FusedOp;

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
