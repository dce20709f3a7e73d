import { architecture, type CellGenotype, type Draw, type Genotypes, type Place, sortedCell } from '../space/index.js';
import {
  add,
  cat,
  type Dtype,
  inPlace,
  like,
  logSoftmax,
  matmul,
  mul,
  narrow,
  noGrad,
  reshape,
  scope,
  sigmoid,
  type Tensor,
  tanh,
  to,
  zeros,
} from '../tensor/index.js';

/** Chooses one of several by their probabilities. */
export type Chooser = (probabilities: readonly number[]) => number;

/** An architecture that a controller made. */
export interface Decided {
  readonly genotypes: Genotypes;
  /** log of the probability that it makes this one; a scalar that has a gradient. */
  readonly logProbability: Tensor;
  /** Sum of the entropies of its decisions, in nats. */
  readonly entropy: number;
}

/** What makes architectures, and can be taught which. */
export interface Controller {
  /** Its weights by name, of any shape. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /** One architecture, its decisions taken by `choose`, one after the other. */
  decide(choose: Chooser): Decided;
  dispose(): void;
}

/** Sizes of a controller, with the authors' defaults. */
export interface ControllerOptions {
  readonly places: readonly Place[];
  readonly hidden?: number;
  readonly dtype?: Dtype;
  readonly device?: string;
}

const START = 0.1; // parameters are uniform in ±0.1
const MOST = 1.1; // scores of inputs are within ±1.1, so that no decision is ever certain
const MOST_OF_OPS = MOST / 2.5;

const sigmoidTanh = (c: Tensor, o: Tensor): Tensor => mul(sigmoid(o), tanh(c));

/** Draws in proportion to the probabilities. */
export const sampling =
  (uniform: () => number): Chooser =>
  (probabilities) => {
    let left = uniform();
    for (const [i, p] of probabilities.entries()) {
      left -= p;
      if (left < 0) return i;
    }
    return probabilities.length - 1;
  };

/** The likeliest; the first of equals. */
export const likeliest: Chooser = (probabilities) => probabilities.indexOf(Math.max(...probabilities));

const FINE = 2 ** 30;
/** `sampling` with the numbers of a `Draw`. */
export const samplingBy = (draw: Draw): Chooser => sampling(() => (draw(FINE) + 0.5) / FINE);

/**
 * ENAS' controller (Pham et al. 2018): an LSTM that decides, per node, from which two states it reads, and then the
 * operation on each. An earlier state scores v · tanh(W₁ h_state + W₂ h), an operation a row of a matrix times h, plus
 * a bias; scores s become 1.1 tanh(s), of operations 0.44 tanh(s). It goes through all cells in turn, with one memory.
 * Other than the authors' it never reads a state twice in a node, and begins without a preference for convolutions.
 */
export const controller = ({ places, hidden = 64, dtype, device }: ControllerOptions): Controller => {
  const [edge] = places[0]?.plan.nodes[0] ?? [];
  const names = (edge?.ops ?? []).map(({ primitive }) => primitive.name).filter((name) => name !== 'none');
  if (names.length === 0) throw new RangeError('Cannot make controller: the space must have operations, it has none');
  const leaf = (...shape: number[]): Tensor => {
    // Drawn on the CPU, as weights are.
    const value = scope(() => {
      const drawn = zeros(shape, { ...(dtype && { dtype }) });
      noGrad(() => inPlace.uniform(drawn, -START, START));
      return to(drawn, { device: device ?? 'cpu' });
    });
    return value.requireGrad();
  };
  const zeroLeaf = (...shape: number[]): Tensor => {
    const value = leaf(...shape);
    noGrad(() => inPlace.zero(value));
    return value;
  };
  const lstm = leaf(2 * hidden, 4 * hidden);
  const start = leaf(1, hidden);
  const opInput = leaf(names.length, hidden);
  const opScores = leaf(hidden, names.length);
  const opBias = zeroLeaf(1, names.length);
  const ofState = leaf(hidden, hidden);
  const ofQuery = leaf(hidden, hidden);
  const attention = leaf(hidden, 1);
  const parameters = { lstm, start, opInput, opScores, opBias, ofState, ofQuery, attention };

  interface Memory {
    readonly c: Tensor;
    readonly h: Tensor;
  }
  const remember = (input: Tensor, { c, h }: Memory): Memory => {
    const gates = matmul(cat([input, h], { dim: 1 }), lstm);
    const gate = (i: number): Tensor => narrow(gates, 1, i * hidden, hidden);
    const next = add(mul(sigmoid(gate(0)), tanh(gate(3))), mul(sigmoid(gate(1)), c));
    return { c: next, h: sigmoidTanh(next, gate(2)) };
  };

  const decide = (choose: Chooser): Decided =>
    scope(() => {
      const nothing = zeros([1, hidden], like(lstm));
      let memory: Memory = { c: nothing, h: nothing };
      const logs: Tensor[] = [];
      let entropy = 0;
      /** scores: [1, n] */
      const pick = (scores: Tensor): number => {
        const log = logSoftmax(scores);
        const probabilities = log.toArray().map(Math.exp);
        for (const [i, l] of log.toArray().entries()) entropy -= (probabilities[i] ?? 0) * l;
        const chosen = choose(probabilities);
        logs.push(reshape(narrow(log, 1, chosen, 1), []));
        return chosen;
      };
      const cellOf = ({ plan }: Place): CellGenotype => {
        const states: { readonly anchor: Tensor; readonly key: Tensor }[] = [];
        const enter = (anchor: Tensor): void => void states.push({ anchor, key: matmul(memory.h, ofState) });
        for (const _ of [0, 1]) {
          memory = remember(start, memory);
          enter(nothing);
        }
        const nodes = plan.nodes.map((edges) => {
          let input = start;
          const kept: (typeof edges)[number][] = [];
          for (const _ of [0, 1]) {
            const open = edges.filter((own) => !kept.includes(own));
            memory = remember(input, memory);
            const query = matmul(memory.h, ofQuery);
            const keys = cat(open.flatMap(({ from }) => states[from]?.key ?? []));
            const scores = matmul(tanh(add(keys, query)), attention);
            const own = open[pick(mul(tanh(reshape(scores, [1, open.length])), MOST))];
            if (own === undefined) throw new Error('Cannot decide: a node must have two inputs');
            kept.push(own);
            input = states[own.from]?.anchor ?? nothing;
          }
          const node = kept.map(({ from }) => {
            memory = remember(input, memory);
            const op = pick(mul(tanh(add(matmul(memory.h, opScores), opBias)), MOST_OF_OPS));
            input = narrow(opInput, 0, op, 1);
            return { op: names[op] ?? '', from };
          });
          memory = remember(input, memory);
          enter(memory.h);
          return node;
        });
        return sortedCell({ nodes, concat: plan.concat });
      };
      const genotypes = architecture(places, cellOf);
      const logProbability = logs.reduce((sum, log) => add(sum, log));
      return { genotypes, logProbability, entropy };
    });

  return {
    parameters,
    decide,
    dispose: () => {
      for (const t of Object.values(parameters)) t.dispose();
    },
  };
};
