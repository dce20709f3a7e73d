import { z } from 'zod';
import { freeze, HEADS } from '../net/index.js';
import { recalibrate, type TensorBatch } from '../nn/index.js';
import { type Genotypes, genotypesShape } from '../space/index.js';
import { scope, type Tensor } from '../tensor/index.js';
import { answering, type Score } from './answering.js';
import { requireFiniteLoss } from './diverged.js';
import { aged, better, type Scored } from './evolution.js';
import type { At, Context, Json, Learner, StreamSpec } from './learner.js';
import { placesOf, takePath } from './paths.js';
import { pathTensors, type SinglePathOptions } from './single-path.js';

/** How candidates come about. */
export interface Strategy {
  /** How many of those that were evaluated last it looks at. */
  readonly population: number;
  /** The next candidate, given these, the oldest first. */
  propose(members: readonly Scored<Genotypes>[]): Genotypes;
}

/** What choosing among architectures of a trained supernet is made of. */
export interface SelectionOptions
  extends Pick<SinglePathOptions, 'net' | 'nodes' | 'objective' | 'streams' | 'assumes' | 'profiler'> {
  readonly strategy: Strategy;
  /** How many are compared. */
  readonly candidates: number;
  readonly batchSize: number;
  /** Validation batches, the same for every candidate. */
  readonly batches: number;
  /** How they are drawn, per stream. */
  readonly valid: readonly StreamSpec['sampling'][];
  readonly context: Pick<Context, 'sample'>;
  /** How often a training pass runs the backbone: twice where each branch has its batch alone. */
  readonly backbonePasses: number;
  /** The state of its strategy, of any shape: saved with the supernet, and released with it. */
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

/** Training batches that the running statistics of the chosen architecture are measured on. */
const CALIBRATION_BATCHES = 20;
const CALIBRATION = 'running statistics';

/** How often one of so many is better than all before it, if all are drawn alike: 1 + 1/2 + 1/3 + … */
const timesBest = (candidates: number): number => {
  let sum = 0;
  for (let i = 1; i <= candidates; i++) sum += 1 / i;
  return sum;
};

const scoredShape = z.object({ candidate: genotypesShape, score: z.number() });
const memoShape = z.object({
  evaluated: z.int(),
  best: scoredShape.nullable(),
  members: z.array(scoredShape),
});
const json = z.json();

/**
 * Chooses among the architectures of a trained supernet. A step is one candidate: its accuracy on validation batches
 * that are the same for all, with the statistics of each batch itself. Running statistics are a mean over all
 * architectures and say little about one. The best so far is what the supernet runs after each step, with running
 * statistics of its own, so that it is validated and tested as it is.
 */
export const selection = (options: SelectionOptions): Learner => {
  const { net, nodes, objective, strategy, candidates, batchSize, batches, valid, context, profiler } = options;
  const { tensors = {}, backbonePasses } = options;
  const { store } = net;
  const places = placesOf(net, { nodes });
  const train = options.streams.filter(({ part }) => part === 'train');
  let members: readonly Scored<Genotypes>[] = [];
  let best: Scored<Genotypes> | undefined;
  let evaluated = 0;

  /** Step by step one batch of each stream, the same whenever it is asked. */
  const sampled = (part: StreamSpec['part'], samplings: readonly StreamSpec['sampling'][], count: number) => {
    const { sample } = context;
    if (sample === undefined) throw new Error('Cannot evaluate candidates: there are no images');
    const streams: TensorBatch[][] = samplings.map((sampling, i) =>
      sample({ part, sampling, name: `candidates-${part}-${i}`, batchSize, batches: count }, store),
    );
    return Array.from({ length: count }, (_, i) => streams.flatMap((stream) => stream.slice(i, i + 1)));
  };

  const evaluate = (at: At): Score => {
    profiler?.enter('candidate');
    return scope(() => answering(net, sampled('valid', valid, batches).flat(), at));
  };

  const settle = (at: At, genotypes: Genotypes): void => {
    profiler?.enter(CALIBRATION);
    takePath(net, { genotypes, places });
    const samplings = train.map(({ sampling }) => sampling);
    const drawn = sampled('train', samplings, CALIBRATION_BATCHES);
    recalibrate(store, {
      passes: drawn.length,
      updates: (name) => (HEADS.some((head) => name.startsWith(`${head}.`)) ? 1 : backbonePasses),
      pass: (i) => void objective(drawn[i] ?? [], { training: true, knobs: at.knobs }),
    });
  };

  return {
    kind: 'search',
    model: net,
    streams: [],
    step: (_, at) => {
      const candidate = strategy.propose(members);
      takePath(net, { genotypes: candidate, places });
      const { loss, accuracy } = evaluate(at);
      requireFiniteLoss(loss, 'validation', at);
      const born = { candidate, score: accuracy };
      const leader = better(best, born);
      members = aged(members, { born, population: strategy.population });
      evaluated++;
      if (leader === born) scope(() => settle(at, candidate));
      else takePath(net, { genotypes: leader.candidate, places });
      best = leader;
      return { loss, accuracy, gradNorm: {} };
    },
    freeze: (components) => freeze(net, components),
    tensors: { ...pathTensors(net), ...tensors },
    memo: {
      save: (): Json => json.parse({ evaluated, best: best ?? null, members }),
      restore: (value) => {
        const saved = memoShape.parse(value);
        ({ evaluated, members } = saved);
        best = saved.best ?? undefined;
      },
    },
    work: () => ({ parts: [{ name: CALIBRATION, times: timesBest(candidates) }] }),
    record: () => ({
      genotype: net.genotypes(),
      ...(best === undefined ? {} : { candidates: { evaluated, best: best.score } }),
    }),
    genotypes: net.genotypes,
    assumes: options.assumes,
    dispose: () => {
      for (const t of Object.values(tensors)) t.dispose();
      net.dispose();
    },
  };
};
