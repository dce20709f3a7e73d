import { z } from 'zod';
import type { Alpha, Supernet } from '../net/index.js';
import type { Knobs, TensorBatch } from '../nn/index.js';
import type { EdgePlan, OpPlace, Projection } from '../space/index.js';
import { inPlace, scope, zeros } from '../tensor/index.js';
import { answering, type Score } from './answering.js';
import type { At, EpochWork, Json, Learner } from './learner.js';
import type { StepProfiler } from './profiler.js';
import { randomOf } from './random.js';

type Cell = Pick<Alpha, 'component' | 'kind'>;

const cell = { component: z.string(), kind: z.enum(['normal', 'reduction']) };
const memo = z.object({
  /** Epochs started so far. */
  begun: z.int(),
  /** Per edge, by row, the column of the operation that it keeps. */
  ops: z.array(z.object({ ...cell, row: z.int(), column: z.int() })),
  /** Per node the rows of the edges that it keeps. */
  nodes: z.array(z.object({ ...cell, node: z.int(), rows: z.array(z.int()) })),
});
type Memo = z.infer<typeof memo>;

/** Whether a network is worse off than another. */
const worse = (a: Score, b: Score): boolean =>
  a.accuracy < b.accuracy || (a.accuracy === b.accuracy && a.loss > b.loss);

/** What was decided so far, what is being tried, and what both come to for the supernet. */
export interface Decisions {
  readonly of: Projection;
  /** Reads what a checkpoint holds. Throws where it holds something else. */
  restore(saved: Json): void;
  save(): Json;
}

interface State {
  memo: Memo;
  /** What is taken out for the moment: an operation, or, without a column, an edge. */
  trial: (Cell & { row: number; column?: number }) | undefined;
}

const same = (a: Cell, b: Cell): boolean => a.component === b.component && a.kind === b.kind;

const decide = ({ memo: { ops, nodes }, trial }: State, plan: (of: Cell) => readonly (readonly EdgePlan[])[]) =>
  ((place: OpPlace) => {
    const { row, column } = place;
    if (trial?.row === row && same(trial, place) && (trial.column ?? column) === column) return 0;
    const node = plan(place).findIndex((edges) => edges.some((edge) => edge.row === row));
    const kept = nodes.find((one) => one.node === node && same(one, place));
    if (kept !== undefined && !kept.rows.includes(row)) return 0;
    const op = ops.find((one) => one.row === row && same(one, place));
    return op === undefined ? undefined : op.column === column ? 1 : 0;
  }) satisfies Projection;

/** How a supernet is projected. */
export interface ProjectionOptions {
  /** Epochs of tuning from one decision to the next. */
  readonly every: number;
  /** Edges that a node keeps. */
  readonly keep: number;
  /** The images that decisions are made on, the same each time. */
  readonly images: () => readonly TensorBatch[];
  /** How many these are at most. */
  readonly most: number;
  /** The cell of a place, as the supernet has it. */
  readonly plan: (of: Cell) => readonly (readonly EdgePlan[])[];
  readonly profiler?: StepProfiler | undefined;
}

const NONE = 'none';
const DECISION = 'decision';

/** Nothing decided yet: what a supernet is built with before `projecting` decides. */
export const decisions = (plan: ProjectionOptions['plan']): Decisions & { readonly state: State } => {
  const state: State = { memo: { begun: 0, ops: [], nodes: [] }, trial: undefined };
  return {
    state,
    of: (place) => decide(state, plan)(place),
    save: () => structuredClone(state.memo),
    restore: (saved) => {
      state.memo = memo.parse(saved);
    },
  };
};

/** A whole number in [0, n), from `rng`. */
const below = (n: number): number =>
  scope(() => {
    const drawn = zeros([1], { dtype: 'float64' });
    inPlace.uniform(drawn, 0, 1);
    return Math.min(n - 1, Math.floor(drawn.item() * n));
  });

/** Epochs that all decisions of a cell take, the last of them without more tuning than one. */
export const projectionEpochs = ({ edges, nodes, every }: { edges: number; nodes: number; every: number }): number =>
  every * (edges + Math.max(0, nodes - 1) - 1) + 1;

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * What a cell costs beside its operations, in operations: its inputs, and its share of stem and batches. Measured: a
 * step of cells of two nodes takes about a quarter for it.
 */
const BESIDES = 12;

/** The operations of an edge that it may keep. */
const choices = ({ ops }: EdgePlan) => ops.filter(({ primitive }) => primitive.name !== NONE);

/**
 * What a cell's decision after `before` others takes, in the mean over the orders in which they may be drawn: how often
 * the network is tried, and how many operations are left once it is made.
 */
const decisionOf = (
  nodes: readonly (readonly EdgePlan[])[],
  { before, keep }: { before: number; keep: number },
): { tries: number; left: number } => {
  const edges = nodes.flat();
  const ops = total(edges.map((edge) => choices(edge).length));
  const made = before + 1;
  if (made <= edges.length) return { tries: ops / edges.length, left: ops * (1 - made / edges.length) + made };
  const open = nodes.map(({ length }) => length).filter((length) => length > keep);
  const decided = Math.min(open.length, made - edges.length);
  const left = edges.length - (total(open.map((n) => n - keep)) * decided) / Math.max(1, open.length);
  if (made - edges.length > open.length) return { tries: 0, left };
  // Of n edges one is taken out after another: n tries for the first, one fewer for the next.
  return { tries: total(open.map((n) => (n * (n + 1) - keep * (keep + 1)) / 2)) / open.length, left };
};

/**
 * Perturbation-based selection (DARTS-PT; Wang et al. 2021) in a continued search. At the start of an epoch each cell
 * decides one edge, drawn at random. It keeps the operation without which validation accuracy is lowest, `none`
 * excluded. A few epochs of tuning follow, then the next edge. When all edges are decided, a node keeps the edges
 * without which accuracy is lowest. While measuring, batch norms use the statistics of the batch, as the authors' do:
 * running statistics are those of the network with all operations. Measuring leaves no trace.
 */
export const projecting = (
  learner: Learner,
  options: ProjectionOptions & { net: Supernet; made: ReturnType<typeof decisions> },
): Learner => {
  const { net, made, every, keep, images, most, plan, profiler } = options;
  const { state } = made;
  const cells = net.alphas
    .filter(({ part }) => part === 'ops')
    .map(({ component, kind }): Cell => ({ component, kind }));

  /** How the network answers with what is being tried taken out. */
  const measure = (batches: readonly TensorBatch[], knobs: Knobs): Score =>
    answering(net, batches, { knobs, before: () => profiler?.enter(DECISION) });

  /** The score without each of these, all of the same random numbers. */
  const without = (trials: readonly NonNullable<State['trial']>[], knobs: Knobs): Score[] => {
    const random = randomOf(net.store);
    try {
      return scope(() => {
        const batches = images();
        return trials.map((trial) => {
          random.restore();
          state.trial = trial;
          return measure(batches, knobs);
        });
      });
    } finally {
      state.trial = undefined;
      random.restore();
    }
  };

  const firstBy = (scores: readonly Score[], before: (a: Score, b: Score) => boolean): number =>
    scores.reduce((best, score, i) => {
      const its = scores[best];
      return its !== undefined && before(score, its) ? i : best;
    }, 0);

  const decideEdge = (of: Cell, edges: readonly EdgePlan[], knobs: Knobs): void => {
    const edge = edges[below(edges.length)];
    if (edge === undefined) return;
    const ops = choices(edge);
    const scores = without(
      ops.map(({ column }) => ({ ...of, row: edge.row, column })),
      knobs,
    );
    const { column } = ops[firstBy(scores, worse)] ?? {};
    if (column !== undefined) state.memo.ops.push({ ...of, row: edge.row, column });
  };

  const decideNode = (of: Cell, open: readonly { node: number; edges: readonly EdgePlan[] }[], knobs: Knobs): void => {
    const chosen = open[below(open.length)];
    if (chosen === undefined) return;
    // Its entry is there from the start, so that an edge that is out stays out while the next are tried.
    const entry = { ...of, node: chosen.node, rows: chosen.edges.map(({ row }) => row) };
    state.memo.nodes.push(entry);
    while (entry.rows.length > keep) {
      const scores = without(
        entry.rows.map((row) => ({ ...of, row })),
        knobs,
      );
      entry.rows.splice(
        firstBy(scores, (a, b) => worse(b, a)),
        1,
      );
    }
  };

  const project = (knobs: Knobs): void => {
    for (const of of cells) {
      const nodes = plan(of).map((edges, node) => ({ node, edges }));
      const edges = nodes.flatMap((one) => one.edges);
      const undecided = edges.filter(({ row }) => !state.memo.ops.some((one) => one.row === row && same(one, of)));
      const open = nodes.filter(
        (one) => one.edges.length > keep && !state.memo.nodes.some((done) => done.node === one.node && same(done, of)),
      );
      if (undecided.length > 0) decideEdge(of, undecided, knobs);
      else if (open.length > 0) decideNode(of, open, knobs);
    }
  };

  /** What the decision of each cell takes at `epoch`, or its last one before. Epoch 0 is the learner's first. */
  const decisionsIn = (epoch: number) =>
    cells.map((of) => decisionOf(plan(of), { before: Math.floor(epoch / every), keep }));
  const left = (epoch: number): number => total(decisionsIn(epoch).map((one) => one.left + BESIDES));
  const work: Learner['work'] = (at, { batchSize, validImages }): EpochWork => {
    const epoch = at.epoch - at.first;
    const held = Math.min(most, validImages);
    const tries = epoch % every === 0 ? total(decisionsIn(epoch).map((one) => one.tries)) : 0;
    const decision = { name: DECISION, times: tries * Math.ceil(held / batchSize), when: 'first', held } as const;
    const usual = learner.work?.(at, { batchSize, validImages });
    return { ...usual, share: left(epoch) / left(0), parts: [decision, ...(usual?.parts ?? [])] };
  };

  return {
    ...learner,
    work,
    step: (batches, at: At) => {
      if (at.step === 0) {
        if (state.memo.begun % every === 0) project(at.knobs);
        state.memo.begun++;
        profiler?.enter('batches');
      }
      return learner.step(batches, at);
    },
    memo: { save: made.save, restore: made.restore },
  };
};
