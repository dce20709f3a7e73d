import { batchNorm, conv, type Store } from '../nn/index.js';
import { type Cell, type CellKind, cell, type Features, type OpWeights } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';
import { type CellSpace, cellKind, type NetShape } from './shape.js';

/** The stem and the stack of cells: what turns images into features, in supernets and derived networks alike. */
export interface Backbone {
  /** Channels of the outputs of the last two cells. */
  readonly outputChannels: readonly [number, number];
  /** The channels that the last cell computes with. */
  readonly channels: number;
  /** Whether the last cell was a reduction. */
  readonly endsInReduction: boolean;
  /** The kinds of cell that the stack has. */
  readonly kinds: readonly CellKind[];
  /** Outputs of the last two cells. images: [batch, inputChannels, h, w] */
  forward(images: Tensor, weights: Readonly<Record<CellKind, OpWeights>>): [Features, Features];
}

const STEM_MULTIPLIER = 3;

/** Builds the backbone below `store`. The stem is a 3×3 convolution to 3C channels with batch norm; its output is both inputs of the first cell. */
export const backbone = (store: Store, shape: NetShape, { plan, search }: CellSpace): Backbone => {
  const stemChannels = STEM_MULTIPLIER * shape.channels;
  const stemConv = conv(store.child('stem').child(0), { input: shape.inputChannels, output: stemChannels, kernel: 3 });
  const stemNorm = batchNorm(store.child('stem').child(1), { channels: stemChannels, affine: true });

  const cells: { kind: CellKind; cell: Cell }[] = [];
  let inputs: [number, number] = [stemChannels, stemChannels];
  let channels = shape.channels;
  let afterReduction = false;
  for (let i = 0; i < shape.layers; i++) {
    const kind = cellKind(i, shape.layers);
    if (kind === 'reduction') channels *= 2;
    const next = cell(store.child('cells').child(i), plan(kind), { kind, channels, inputs, afterReduction, search });
    cells.push({ kind, cell: next });
    inputs = [inputs[1], next.outputChannels];
    afterReduction = kind === 'reduction';
  }
  return {
    outputChannels: inputs,
    channels,
    endsInReduction: afterReduction,
    kinds: (['normal', 'reduction'] as const).filter((kind) => cells.some((c) => c.kind === kind)),
    forward: (images, weights) => {
      const stem: Features = [stemNorm.apply(stemConv(images))];
      let [s0, s1] = [stem, stem];
      for (const { kind, cell: next } of cells) [s0, s1] = [s1, next.forward(s0, s1, { weights: weights[kind] })];
      return [s0, s1];
    },
  };
};
