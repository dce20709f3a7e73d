import type { Pass, Store } from '../nn/index.js';
import { full, like, scope, type Tensor, zeros } from '../tensor/index.js';
import { type DropMask, sumBranches, type Term } from './node.js';
import { passing, rejoin, sumPassing, worked } from './partial-channels.js';
import type { CellKind, CellPlan } from './plan.js';
import type { Primitive, Stage } from './primitive.js';
import { factorizedReduce, reluConv, skipConnect } from './primitives.js';
import type { OpWeights } from './relaxation.js';
import { type Branch, type Features, joined, type Mode, modeOf, openSource, type Source } from './run-stages.js';
import { dropout } from './skip-dropout.js';

/** What a cell is built with, in addition to its plan. */
export interface CellShape {
  readonly kind: CellKind;
  readonly channels: number;
  /** Channels of the outputs of the cell before the last, and of the last. */
  readonly inputs: readonly [number, number];
  /** Whether the last cell was a reduction: the first input is then still twice as large. */
  readonly afterReduction: boolean;
  readonly supernet: boolean;
  /** What drop-path draws with; from `rng` unless said. */
  readonly mask?: DropMask | undefined;
  readonly edges?: EdgeShape | undefined;
}

/** Properties of the edges of a supernet's cells, other than their operations. */
export interface EdgeShape {
  /** Operations work on one in so many channels (PC-DARTS): 1 unless said. */
  readonly partial?: number;
  /**
   * Whether each edge has an auxiliary skip connection, which is no candidate, weighed by the knob `auxiliarySkip`
   * (DARTS−; Chu et al. 2021).
   */
  readonly auxiliarySkip?: boolean;
}

/** How a cell is run. */
export interface CellRun {
  readonly weights: OpWeights;
  readonly pass: Pass;
}

/** What a cell reads of an earlier output: a branch per preprocessing that was announced. */
export interface CellInput {
  branch(stages: readonly Stage[], mode: Mode): Branch;
}

/** A cell ready to run. */
export interface Cell {
  readonly outputChannels: number;
  /** What brings each input to the cell's channels. */
  readonly preprocess: readonly [readonly Stage[], readonly Stage[]];
  /** s0, s1: outputs of the cell before the last, and of the last. Returns the output's nodes side by side. */
  forward(s0: CellInput, s1: CellInput, run: CellRun): Features;
}

/** Features as cells read them one by one. */
export const cellInput = (features: Features): CellInput => ({
  branch: (stages, mode) => openSource(features, [stages], mode).branch(stages),
});

/** Features that several cells read: fused, in one pass for all. `release` after each cell that took a branch. */
export const sharedInput = (
  features: Features,
  readers: readonly (readonly Stage[])[],
  { store, pass }: { store: Store; pass: Pass },
): CellInput & { release(): void } => {
  const mode = modeOf(store, pass);
  if (!mode.fused) return { ...cellInput(features), release: () => {} };
  const source = openSource(features, readers, mode);
  return { branch: (stages) => source.branch(stages), release: () => source.release() };
};

/** A state of a cell during a pass. */
interface State {
  /** [batch, channels, h, w] */
  readonly x: Tensor;
  /** What operations read of it. */
  readonly source: Source;
  /** What passes by them. */
  readonly rest: Tensor | undefined;
}

/** Whether an operation hands its state on as it is. */
const isIdentity = (stages: readonly Stage[]): boolean => stages.length === 1 && stages[0]?.work.kind === 'self';

/** The column of an operation that is no candidate. */
const AUXILIARY = -1;

/** A node whose operations are all absent is zero, at the size of the cell's output. */
const emptyNode = ([, state]: readonly State[], stride: number): Tensor => {
  if (state === undefined) throw new Error('Cannot make node: the cell has no inputs');
  const { shape, dtype, device } = state.source.x;
  const [batch = 0, channels = 0, h = 0, w = 0] = shape;
  return zeros([batch, channels, Math.ceil(h / stride), Math.ceil(w / stride)], { dtype, device });
};

/**
 * A cell: two inputs, intermediate nodes that each sum operations on earlier states, and the concatenation of some of
 * them as output. A supernet's cell has every operation on every edge, a derived cell one operation on two edges per
 * node: the plan is the only difference.
 */
export const cell = (store: Store, { nodes, concat }: CellPlan, shape: CellShape): Cell => {
  const {
    kind,
    channels,
    inputs,
    afterReduction,
    supernet,
    mask,
    edges: { partial = 1, auxiliarySkip = false } = {},
  } = shape;
  if (channels % partial !== 0)
    throw new RangeError(
      `Cannot build cell: its channels must be a multiple of partial, got ${channels} channels and partial ${partial}`,
    );
  const preprocess = (name: string, input: number, halve: boolean): readonly Stage[] =>
    (halve ? factorizedReduce : reluConv)({ store: store.child(name), supernet }, { input, output: channels });
  const first = preprocess('preprocess0', inputs[0], afterReduction);
  const second = preprocess('preprocess1', inputs[1], false);
  const stride = kind === 'reduction' ? 2 : 1;
  const strideFrom = (from: number): 1 | 2 => (from < 2 ? stride : 1);
  const built = nodes.map((edges) =>
    edges.flatMap(({ from, row, ops }) => {
      const build = (primitive: Primitive, { name, column }: { name: string; column: number }) => {
        const stages = primitive.build({
          store: store.child('edges').child(row).child(name),
          sourceStore: store.child('states').child(from),
          channels: channels / partial,
          stride: strideFrom(from),
          supernet,
        });
        return stages.length === 0 ? [] : [{ from, row, column, stages }];
      };
      return [
        ...ops.flatMap(({ primitive, column }) => build(primitive, { name: primitive.name, column })),
        ...(auxiliarySkip ? build(skipConnect, { name: 'auxiliary', column: AUXILIARY }) : []),
      ];
    }),
  );

  return {
    outputChannels: concat.length * channels,
    preprocess: [first, second],
    forward: (s0, s1, { weights, pass }) =>
      scope(() => {
        const mode = { ...modeOf(store, pass), training: store.root.trains(store.component, pass), mask };
        const states: State[] = [];
        const beta = pass.knobs['auxiliarySkip'] ?? 0;
        const auxiliary = auxiliarySkip && beta !== 0 ? full([], beta, like(store.root)) : 0;
        const skipDropout = supernet && mode.training ? (pass.knobs['skipDropout'] ?? 0) : 0;
        /** A skip connection under dropout does not read the state with the others: its mask is its own. */
        const isDropped = ({ column, stages }: { column: number; stages: readonly Stage[] }): boolean =>
          skipDropout > 0 && column !== AUXILIARY && isIdentity(stages);
        const weightOf = (row: number, column: number) => (column === AUXILIARY ? auxiliary : weights.at(row, column));

        /** A cell's input at the cell's channels: a node of one operation. */
        const input = (stages: readonly Stage[], from: CellInput): Tensor =>
          scope(() => {
            const branch = from.branch(stages, mode);
            return sumBranches([{ branch, weight: 1, identity: true }], mode) ?? branch.raw;
          });
        const enter = (x: Tensor): void => {
          const leaving = built
            .flat()
            .flatMap((op) =>
              op.from === states.length && weightOf(op.row, op.column) !== 0 && !isDropped(op) ? [op.stages] : [],
            );
          const rest = partial === 1 ? undefined : passing(x, { partial, stride: strideFrom(states.length) });
          states.push({ x, source: openSource([worked(x, partial)], leaving, mode), rest });
        };
        enter(input(first, s0));
        enter(input(second, s1));
        for (const [i, ops] of built.entries()) {
          const { x } = scope(() => {
            const terms = ops.flatMap((op): Term[] => {
              const { from, row, column, stages } = op;
              const [weight, state] = [weightOf(row, column), states[from]];
              if (weight === 0 || state === undefined) return [];
              if (isDropped(op)) return [{ branch: { raw: dropout(state.source.x, skipDropout) }, weight }];
              return [{ branch: state.source.branch(stages), weight, identity: isIdentity(stages) }];
            });
            const done = sumBranches(terms, mode) ?? emptyNode(states, stride);
            const kept = states.map(({ source }) => source.shared);
            const bypass = partial === 1 ? undefined : sumPassing(nodes[i] ?? [], { weights, states });
            return { x: bypass === undefined ? done : rejoin(done, bypass, partial), kept };
          });
          for (const { source } of states) source.release();
          enter(x);
        }
        const output = concat.flatMap((i) => states[i]?.x ?? []);
        return mode.fused ? output : [joined(output)];
      }),
  };
};
