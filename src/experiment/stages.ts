import { z } from 'zod';
import {
  type Context,
  decisions,
  type Learner,
  projecting,
  projectionEpochs,
  type StreamSpec,
  UnfitError,
} from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import type { Supernet } from '../net/index.js';
import { takeOver } from '../nn/index.js';
import { constant, cosine, lineThenDecay } from '../schedule/index.js';
import {
  dropWeakest,
  edgeCount,
  type KeptOps,
  type Projection,
  prunedSpace,
  type SearchSpace,
} from '../space/index.js';
import { inPlace, noGrad } from '../tensor/index.js';
import type { SearchOptions } from './search-options.js';

export const SEARCH_PHASE = 'search';
export const PROJECTION_PHASE = 'projection';

/** What the supernet of a phase has other than the options say. */
export interface SearchShape {
  readonly layers: number;
  readonly space: SearchSpace;
  readonly projection?: Projection;
}

/** Builds a search: its supernet, and what learns in it. */
export type SearchBuild = (
  context: Context,
  shape: SearchShape,
) => { readonly net: Supernet; readonly learner: Learner };

const names = z.array(z.array(z.string()));
const keptOps = z.record(z.string(), z.object({ normal: names.exactOptional(), reduction: names.exactOptional() }));

/** The value of a list for a stage: a single number applies to all. */
export const valueAt = ({ values }: { readonly values: readonly number[] }, stage: number): number =>
  (values.length === 1 ? values[0] : values[stage]) ?? 0;

/** What a phase of a search has in addition to its length and what it builds. */
type Facts = Pick<Phase, 'knobs' | 'stop'>;

const stageKnobs = (o: SearchOptions, knobs: Phase['knobs'], stage: number): Phase['knobs'] => {
  const p = valueAt(o.skipDropout, stage);
  return p === 0 ? knobs : { ...knobs, skipDropout: lineThenDecay(p, o.archWarmup) };
};

/** A learner that remembers which operations its edges have. */
const remembering = (learner: Learner, kept: KeptOps): Learner => ({
  ...learner,
  memo: { save: () => JSON.parse(JSON.stringify(kept)), restore: () => {} },
  record: (at) => ({ ...learner.record(at), operations: kept }),
});

/**
 * The search itself: one phase, or the stages of P-DARTS (Chen et al. 2019). Each stage builds a new, deeper network.
 * Its edges lose the operations that weighed least in the stage before.
 */
const stages = (o: SearchOptions, { knobs, stop, build }: Facts & { build: SearchBuild }): Phase[] => {
  const count = o.stages.values.length;
  return o.stages.values.map((more, stage): Phase => {
    const layers = o.layers + more;
    return {
      name: count === 1 ? SEARCH_PHASE : `stage-${stage + 1}`,
      alone: count === 1 ? undefined : 'a search in --stages does not share its steps',
      epochs: o.epochs / count,
      knobs: stageKnobs(o, knobs, stage),
      stop,
      start: (context, { before, memo }) => {
        if (stage === 0) return build(context, { layers, space: o.space }).learner;
        const kept = before === undefined ? keptOps.parse(memo) : dropped(o, before, stage);
        return remembering(build(context, { layers, space: prunedSpace(o.space, kept) }).learner, kept);
      },
    };
  });
};

/** The operations that a stage has: those of the one before, without the weakest. */
const dropped = (o: SearchOptions, before: Learner, stage: number): KeptOps => {
  const weights = before.opWeights?.();
  if (weights === undefined) throw new Error('Cannot start stage: the one before must be a search');
  const kept = stage === 1 ? {} : keptOps.parse(before.memo?.save());
  return dropWeakest(weights, { space: o.space, kept, nodes: o.nodes, drop: valueAt(o.drops, stage) });
};

/** Edges that a node keeps. */
const KEEP = 2;
/** Validation images that a decision is made on, at most. */
const IMAGES = 2048;
/** The authors tune at a tenth of the search's rate. */
const TUNING = 0.1;

/** Knobs of the search that the tuning after it has no part of. */
const OF_SEARCH: readonly string[] = ['weightLr', 'archWait', 'perturbation', 'skipDropout'];

/** The schedules of the search at its end, for a phase that continues with its network. */
const atTheEnd = ({ knobs, epochs }: { knobs: Phase['knobs']; epochs: number }): Phase['knobs'] =>
  Object.fromEntries(
    Object.entries(knobs)
      .filter(([name]) => !OF_SEARCH.includes(name))
      .map(([name, schedule]) => [name, constant(schedule((epochs - 1) / epochs))]),
  );

/** The phase in which DARTS-PT chooses operations and edges (Wang et al. 2021), none unless it is asked for. */
const projection = (
  o: SearchOptions,
  { knobs, build, streams }: Pick<Facts, 'knobs'> & { build: SearchBuild; streams: readonly StreamSpec[] },
): Phase[] => {
  if (o.projection === 0) return [];
  const epochs = projectionEpochs({ edges: edgeCount(o.nodes), nodes: o.nodes, every: o.projection });
  const rate = TUNING * o.weightLr;
  const sampling = streams.findLast(({ part }) => part === 'valid')?.sampling ?? streams.at(-1)?.sampling ?? 'instance';
  return [
    {
      name: PROJECTION_PHASE,
      alone: 'the phase after --projection does not share its steps',
      epochs,
      knobs: { ...atTheEnd({ knobs, epochs: o.epochs }), weightLr: cosine(rate, Math.min(rate, o.weightLrMin)) },
      start: (context, { before, memo }) => {
        if (context.validates === false)
          throw new UnfitError(
            'Cannot choose operations: there must be validation images, there are none; use --projection 0',
          );
        const plan = ({ component, kind }: { component: string; kind: 'normal' | 'reduction' }) =>
          o.space.plan(kind, { nodes: o.nodes, component }).nodes;
        const made = decisions(plan);
        if (before === undefined && memo !== undefined) made.restore(memo);
        const { net, learner } = build(context, { layers: o.layers, space: o.space, projection: made.of });
        if (before !== undefined) continueFrom(before, learner);
        const { sample, profiler, validImages = IMAGES } = context;
        const batches = Math.ceil(Math.min(validImages, IMAGES) / o.batchSize);
        const drawn = { part: 'valid', sampling, name: PROJECTION_PHASE, batchSize: o.batchSize, batches } as const;
        const images = () => sample?.(drawn, net.store) ?? [];
        const chosen = { every: o.projection, keep: KEEP, images, most: IMAGES, plan, profiler };
        return projecting(learner, { net, made, ...chosen });
      },
    },
  ];
};

/** Copies weights, buffers and alpha. The optimizers start from scratch, as the authors' do. */
const continueFrom = (before: Learner, learner: Learner): void => {
  takeOver(learner.model.store, before.model.store);
  noGrad(() => {
    for (const [name, value] of Object.entries(learner.tensors)) {
      const old = before.tensors[name];
      if (name.startsWith('alpha/') && old !== undefined) inPlace.copy(value, old);
    }
  });
};

/** The phases of a search with its own part of them, before anything that continues it. */
export const searchPhases = (
  o: SearchOptions,
  options: Facts & { readonly build: SearchBuild; readonly streams: readonly StreamSpec[] },
): Phase[] => [...stages(o, options), ...projection(o, options)];
