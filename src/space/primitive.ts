import type { BatchNorm, Store } from '../nn/index.js';
import type { Tensor } from '../tensor/index.js';
import type { Reads } from './fused.js';

/** What a stage computes from a state. All but `custom` can be fused. */
export type Work =
  | Reads
  /** A user's own, in plain operators always. x: [batch, channels, h, w] */
  | { readonly kind: 'custom'; run(source: { readonly x: Tensor; readonly relu: Tensor }): Tensor };

/** One part of an operation: its work, and the batch norm that follows. */
export interface Stage {
  readonly work: Work;
  readonly norm?: BatchNorm | undefined;
}

/** Where an operation is built. */
export interface OpContext {
  readonly store: Store;
  /** A place of the source state: a stage built here `once` is shared by all edges that leave that state. */
  readonly sourceStore: Store;
  readonly channels: number;
  readonly stride: 1 | 2;
  /** True in a supernet: batch norms have no affine part, and pools are followed by one. */
  readonly supernet: boolean;
}

/** A candidate operation of a search space. */
export interface Primitive {
  /** DARTS' spelling, as genotypes have it. */
  readonly name: string;
  /** The operation as stages that run one after the other; none at all is zero, and costs nothing. */
  build(at: OpContext): readonly Stage[];
}
