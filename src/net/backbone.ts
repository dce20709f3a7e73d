import { batchNormLayer, conv, type Pass, type Store } from '../nn/index.js';
import {
  type Cell,
  type CellKind,
  type CellPlan,
  cell,
  type Features,
  type OpWeights,
  sharedInput,
} from '../space/index.js';
import type { Tensor } from '../tensor/index.js';
import { type CellSpace, cellKind, type NetShape } from './shape.js';

/** The stem and the stack of cells: computes features from images, in supernets and derived networks alike. */
export interface Backbone {
  /** Channels of the outputs of each cell, in order. */
  readonly widths: readonly number[];
  /** One normal cell more, at the width of the last, on the outputs of the last two. */
  top(store: Store, plan: CellPlan): Cell;
  /** Outputs of the last two cells; `onCell` is given each cell's. images: [batch, inputChannels, h, w] */
  forward(images: Tensor, run: BackboneRun): [Features, Features];
}

/** How a backbone is run. */
export interface BackboneRun {
  readonly weights: Readonly<Record<CellKind, OpWeights>>;
  readonly pass: Pass;
  readonly onCell?: (index: number, output: Features) => void;
}

const STEM_MULTIPLIER = 3;

/** The stem is a 3×3 convolution to 3C channels with batch norm; its output is both inputs of the first cell. */
export const backbone = (store: Store, shape: NetShape, { plan, ...made }: CellSpace): Backbone => {
  const stemChannels = STEM_MULTIPLIER * shape.channels;
  const stemConv = conv(store.child('stem').child(0), { input: shape.inputChannels, output: stemChannels, kernel: 3 });
  const stemNorm = batchNormLayer(store.child('stem').child(1), { channels: stemChannels, affine: true });

  const cells: { kind: CellKind; cell: Cell }[] = [];
  let inputs: [number, number] = [stemChannels, stemChannels];
  let channels = shape.channels;
  let afterReduction = false;
  const next = (at: Store, kind: CellKind, of: CellPlan): Cell =>
    cell(at, of, { kind, channels, inputs, afterReduction, ...made });
  for (let i = 0; i < shape.layers; i++) {
    const kind = cellKind(i, shape.layers);
    if (kind === 'reduction') channels *= 2;
    const built = next(store.child('cells').child(i), kind, plan(kind));
    cells.push({ kind, cell: built });
    inputs = [inputs[1], built.outputChannels];
    afterReduction = kind === 'reduction';
  }
  return {
    widths: cells.map((c) => c.cell.outputChannels),
    top: (at, of) => next(at, 'normal', of),
    forward: (images, { weights, pass, onCell }) => {
      const preprocess = (at: number, input: 0 | 1) => cells.slice(at, at + 1).map((c) => c.cell.preprocess[input]);
      /** An output, read at once by cell `at`, whose last input it is, and by the one after that. */
      const open = (features: Features, at: number) => {
        const both = at === 0 ? preprocess(0, 0) : []; // the stem's
        const readers = [...both, ...preprocess(at, 1), ...preprocess(at + 1, 0)];
        return sharedInput(features, readers, { store, pass });
      };
      const stem: Features = [stemNorm.apply(stemConv(images), pass)];
      let outputs: [Features, Features] = [stem, stem];
      const first = open(stem, 0);
      let [s0, s1] = [first, first];
      for (const [i, { kind, cell: each }] of cells.entries()) {
        const output = each.forward(s0, s1, { weights: weights[kind], pass });
        for (const read of [s0, s1]) read.release();
        outputs = [outputs[1], output];
        [s0, s1] = [s1, open(output, i + 1)];
        onCell?.(i, output);
      }
      return outputs;
    },
  };
};
