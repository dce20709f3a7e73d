import type { Store } from '../nn/index.js';
import { type Reading, scope, type Tensor, zeros } from '../tensor/index.js';
import { sumBranches, type Term } from './node.js';
import type { FusedOp, Op, Primitive } from './primitive.js';
import { factorizedReduce, reluConv } from './primitives.js';
import type { OpWeights } from './relaxation.js';
import { type Features, joined, readings, type Source, source } from './source.js';

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
  /** s0, s1: outputs of the cell before the last, and of the last. Returns the nodes of the output, side by side in channels. */
  forward(s0: Features, s1: Features, options: { weights: OpWeights }): Features;
}

interface Built {
  readonly column: number;
  readonly op: Op;
}

/** A node's value, and what fused operations read from it. */
interface State {
  readonly source: Source;
  readonly read: ReadonlyMap<Op, Reading>;
}

const isFused = (op: Op): op is FusedOp => typeof op !== 'function';

/** Lets go of a reading when its node is there; what is needed for a gradient, autograd keeps. The end of the cell would be late: a state is read for all nodes at once. */
const release = (reading: Reading | undefined): void => {
  reading?.raw.dispose();
  reading?.moments.dispose();
};

/** A node whose operations are all absent is zero, at the size of the cell's output. */
const emptyNode = ([, state]: readonly State[], stride: number): Tensor => {
  if (state === undefined) throw new Error('Cannot make node: the cell has no inputs');
  const { x } = state.source;
  const [batch = 0, channels = 0, h = 0, w = 0] = x.shape;
  return zeros([batch, channels, Math.ceil(h / stride), Math.ceil(w / stride)], {
    dtype: x.dtype,
    device: x.device,
  });
};

/**
 * A cell: two inputs, intermediate nodes that each sum operations on earlier states, and the concatenation of some of them as output.
 * A supernet's cell has every operation on every edge, a derived cell one operation on two edges a node: the plan is the only difference.
 */
export const cell = (store: Store, { nodes, concat }: CellPlan, shape: CellShape): Cell => {
  const { kind, channels, inputs, afterReduction, search } = shape;
  const preprocess = (name: string, input: number, halve: boolean): Op =>
    (halve ? factorizedReduce : reluConv)({ store: store.child(name), search }, { input, output: channels });
  const first = preprocess('preprocess0', inputs[0], afterReduction);
  const second = preprocess('preprocess1', inputs[1], false);
  const stride = kind === 'reduction' ? 2 : 1;
  const built = nodes.map((edges) =>
    edges.map(({ from, row, ops }) => ({
      from,
      row,
      ops: ops.map(
        ({ primitive, column }): Built => ({
          column,
          op: primitive.build({
            store: store.child('edges').child(row).child(primitive.name),
            sourceStore: store.child('states').child(from),
            channels,
            stride: from < 2 ? stride : 1,
            search,
          }),
        }),
      ),
    })),
  );
  const sum = (terms: readonly Term[]): Tensor | undefined =>
    sumBranches(terms, { fused: store.root.fused, training: store.root.trains(store.component) });

  /** A cell's input at the cell's channels: the one operation of a node. */
  const input = (op: Op, features: Features): Tensor => {
    const x = scope(() => {
      const branch = isFused(op) ? readings(features, [op]).map(op.branch)[0] : op(source(joined(features)));
      return branch && sum([{ branch, weight: 1 }]);
    });
    if (x === undefined)
      throw new Error('Cannot bring an input to the channels of its cell: its operation gave nothing');
    return x;
  };

  /** All fused operations with a weight that leave a state read it at once. */
  const enter = (x: Tensor, index: number, weights: OpWeights): State => {
    const leaving = built.flatMap((edges) =>
      edges.flatMap(({ from, row, ops }) =>
        ops.flatMap(({ op, column }) => (from === index && isFused(op) && weights.at(row, column) !== 0 ? [op] : [])),
      ),
    );
    const read = readings([x], leaving);
    return {
      source: source(x),
      read: new Map(leaving.flatMap((op, i) => (read[i] === undefined ? [] : [[op, read[i]]]))),
    };
  };

  return {
    outputChannels: concat.length * channels,
    forward: (s0, s1, { weights }) =>
      scope(() => {
        const states: State[] = [];
        for (const x of [() => input(first, s0), () => input(second, s1)])
          states.push(enter(x(), states.length, weights));
        for (const edges of built) {
          const { x } = scope(() => {
            const terms = edges.flatMap(({ from, row, ops }) =>
              ops.flatMap(({ column, op }): Term[] => {
                const weight = weights.at(row, column);
                const state = states[from];
                if (weight === 0 || state === undefined) return [];
                const reading = state.read.get(op);
                const branch = isFused(op) ? reading && op.branch(reading) : op(state.source);
                return branch === undefined ? [] : [{ branch, weight }];
              }),
            );
            return { x: sum(terms) ?? emptyNode(states, stride), keep: states.map((state) => state.source.made) };
          });
          for (const { from, ops } of edges) for (const { op } of ops) release(states[from]?.read.get(op));
          states.push(enter(x, states.length, weights));
        }
        const output = concat.flatMap((i) => states[i]?.source.x ?? []);
        return store.root.fused ? output : [joined(output)];
      }),
  };
};
