import { batchNorm, conv, type Layer, type Store } from '../nn/index.js';
import { cat, relu, scope, type Tensor, zeros } from '../tensor/index.js';
import { sumBranches, type Term } from './node.js';
import type { Op, Primitive } from './primitive.js';
import { factorizedReduce } from './primitives.js';
import type { OpWeights } from './relaxation.js';
import { type Source, source } from './source.js';

export type CellKind = 'normal' | 'reduction';

/** One incoming edge of a node: where it comes from, its row of alpha, and the operations on it with their columns. */
export interface EdgePlan {
  readonly from: number;
  readonly row: number;
  readonly ops: readonly { readonly primitive: Primitive; readonly column: number }[];
}

/** What a cell is made of: for every intermediate node its incoming edges, and the states that make up the output. */
export interface CellPlan {
  readonly nodes: readonly (readonly EdgePlan[])[];
  readonly concat: readonly number[];
}

export interface CellShape {
  readonly kind: CellKind;
  readonly channels: number;
  /** Channels of the outputs of the cell before the last, and of the last. */
  readonly inputs: readonly [number, number];
  /** The last cell was a reduction: the first input is still twice as large. */
  readonly afterReduction: boolean;
  readonly search: boolean;
}

export interface Cell {
  readonly outputChannels: number;
  /** s0, s1: outputs of the cell before the last, and of the last. [batch, channels, h, w] */
  forward(s0: Tensor, s1: Tensor, options: { weights: OpWeights }): Tensor;
}

/** Brings an input to the cell's channels: ReLU, 1×1 convolution, batch norm, or a factorized reduction where it must also be halved. */
const preprocess = (
  store: Store,
  { input, output, halve, search }: { input: number; output: number; halve: boolean; search: boolean },
): Layer => {
  if (halve) {
    const reduce = factorizedReduce({ store, search }, { input, output });
    return (x) => {
      const { raw, norm } = reduce(source(x));
      return norm === undefined ? raw : norm.apply(raw);
    };
  }
  const pointwise = conv(store.child(1), { input, output, kernel: 1 });
  const norm = batchNorm(store.child(2), { channels: output, affine: !search });
  return (x) => norm.apply(pointwise(relu(x)));
};

/** A node whose operations are all absent is zero, at the size of the cell's output. */
const emptyNode = ([, state]: readonly Source[], stride: number): Tensor => {
  if (state === undefined) throw new Error('Cannot make node: the cell has no inputs');
  const [batch = 0, channels = 0, h = 0, w = 0] = state.x.shape;
  return zeros([batch, channels, Math.ceil(h / stride), Math.ceil(w / stride)], {
    dtype: state.x.dtype,
    device: state.x.device,
  });
};

/**
 * A cell: two inputs, intermediate nodes that each sum operations on earlier states, and the concatenation of some of them as output.
 * A supernet's cell has every operation on every edge, a derived cell one operation on two edges a node: the plan is the only difference.
 */
export const cell = (store: Store, { nodes, concat }: CellPlan, shape: CellShape): Cell => {
  const { kind, channels, inputs, afterReduction, search } = shape;
  const first = preprocess(store.child('preprocess0'), {
    input: inputs[0],
    output: channels,
    halve: afterReduction,
    search,
  });
  const second = preprocess(store.child('preprocess1'), { input: inputs[1], output: channels, halve: false, search });
  const stride = kind === 'reduction' ? 2 : 1;
  const built = nodes.map((edges) =>
    edges.map(({ from, row, ops }) => ({
      from,
      row,
      ops: ops.map(({ primitive, column }): { column: number; op: Op } => ({
        column,
        op: primitive.build({
          store: store.child('edges').child(row).child(primitive.name),
          sourceStore: store.child('states').child(from),
          channels,
          stride: from < 2 ? stride : 1,
          search,
        }),
      })),
    })),
  );
  return {
    outputChannels: concat.length * channels,
    forward: (s0, s1, { weights }) =>
      scope(() => {
        const states: Source[] = [source(first(s0)), source(second(s1))];
        for (const edges of built) {
          const { x } = scope(() => {
            const terms = edges.flatMap(({ from, row, ops }) =>
              ops.flatMap(({ column, op }): Term[] => {
                const weight = weights.at(row, column);
                const state = states[from];
                if (weight === 0 || state === undefined) return [];
                const branch = op(state);
                return branch === undefined ? [] : [{ branch, weight }];
              }),
            );
            return {
              x: sumBranches(terms, store.root) ?? emptyNode(states, stride),
              keep: states.map((state) => state.made),
            };
          });
          states.push(source(x));
        }
        return cat(
          concat.flatMap((i) => states[i]?.x ?? []),
          { dim: 1 },
        );
      }),
  };
};
