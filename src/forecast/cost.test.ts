import { describe, expect, it } from 'vitest';
import { tinyDataset, tinyPlan, tinyRun } from '../../test/support/tiny.js';
import type { Values } from '../experiment/index.js';
import type { Learner, StepProfiler } from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import { memory } from '../tensor/index.js';
import { expectedEpochs, type Measured, plannedEpochs, tensorLines } from './cost.js';
import { at } from './line.js';
import { type MeasuredPhase, type Probe, probe } from './probe.js';

const BATCH = 4;
const sizes = { classes: 3, channels: 3, imageSize: 8, trainImages: 14, validImages: 6, testImages: 6 } as const;

const usual: Omit<MeasuredPhase, 'work'> = {
  step: 1,
  within: new Map(),
  validation: 0,
  peaks: new Map(),
  parts: new Map(),
};

/** As if it had been measured: phases of these learners, each with these figures. */
const measuredAs = (learners: ReadonlyMap<string, Learner>, figures: Partial<MeasuredPhase> = {}): Measured => {
  const phases = new Map([...learners].map(([name, { work }]) => [name, { ...usual, ...figures, work }]));
  const one: Probe = { batch: BATCH, weights: 0, multiplyAdds: undefined, kept: 1, bytes: 0, besides: 0, phases };
  return { probes: [one, one], batchSize: BATCH, sizes };
};

/** Carries a tiny run out: its learners by phase, and how often the profiler was told of each kind of work. */
const carriedOut = async (plan: { readonly phases: readonly Phase[] }) => {
  const learners = new Map<string, Learner>();
  const told = new Map<string, number>();
  const enter = (name: string): void => void told.set(name, (told.get(name) ?? 0) + 1);
  const nothing = (): undefined => undefined;
  const rest = { begin: nothing, end: nothing, validated: nothing, stop: nothing, report: nothing };
  const profiler: StepProfiler = { ...rest, enter };
  const phases = plan.phases.map(
    (phase): Phase => ({
      ...phase,
      start: (...from) => {
        const learner = phase.start?.(...from) ?? [...learners.values()].at(-1);
        if (learner === undefined) throw new Error('the first phase builds a learner');
        learners.set(phase.name, learner);
        return learner;
      },
    }),
  );
  const live = tinyRun(phases, { profiler, batchSize: BATCH });
  for await (const _ of live);
  live.dispose();
  return { learners, told };
};

/** A cell has two edges a node; one decision an epoch, or every second. */
const PROJECTED: Values = { epochs: 1, channels: 2, layers: 1, projection: 1 };

describe('the work of epochs beside their steps is forecast as often as a run does it', () => {
  it.each<[string, Values, string, string]>([
    ['darts-pt', { ...PROJECTED, nodes: 2 }, 'decision', 'of all edges and a node'],
    ['darts-pt', { ...PROJECTED, nodes: 3 }, 'decision', 'of nodes of several edges'],
    ['darts-pt', { ...PROJECTED, nodes: 2, projection: 2, space: 'darts' }, 'decision', 'every second epoch'],
    ['hls', { ...PROJECTED, nodes: 1 }, 'decision', 'of two branches'],
    ['hls-continued-class', { ...PROJECTED, epochs: 2, nodes: 1 }, 'decision', 'which continuing does not make again'],
    ['darts', { epochs: 5, eigenvalue: 2, channels: 2, layers: 1 }, 'eigenvalue', 'every second epoch'],
    ['hls-continued-class', { epochs: 3, eigenvalue: 2, channels: 2, layers: 1 }, 'eigenvalue', 'over two phases'],
  ])('%s %j: %s, %s', async (recipe, values, name) => {
    const plan = tinyPlan(values, recipe);
    const { learners, told } = await carriedOut(plan);
    const planned = plannedEpochs(plan, measuredAs(learners))
      .flatMap(({ work }) => work.parts ?? [])
      .filter((part) => part.name === name)
      .reduce((sum, { times }) => sum + times, 0);
    expect(planned).toBeCloseTo(told.get(name) ?? 0, 9);
    expect(planned).toBeGreaterThan(0);
  });
});

describe('expectedEpochs', () => {
  it('times decisions before the first step, and counts what is decided as cheaper from then on', async () => {
    const plan = tinyPlan({ ...PROJECTED, nodes: 2 }, 'darts-pt');
    const { learners } = await carriedOut(plan);
    const parts = new Map([['decision', { seconds: 0.5, peak: 0, images: BATCH }]]);
    const epochs = expectedEpochs(plan, measuredAs(learners, { parts }));
    // Seven operations of the one cell, each tried on six images in batches of four.
    expect(epochs.slice(0, 2).map(({ phase, first, perStep }) => [phase, first, perStep])).toEqual([
      ['search', 0, 1],
      ['projection', 7 * 2 * 0.5, 1],
    ]);
    const [, ...projection] = epochs.map(({ perStep }) => perStep);
    expect(projection).toEqual(projection.toSorted((a, b) => b - a));
    expect(projection.at(-1)).toBeLessThan(0.5);
  });

  it('takes steps to be shorter as long as alpha waits', async () => {
    const plan = tinyPlan({ epochs: 4, archWarmup: 0.3 }, 'pc-darts');
    const { learners } = await carriedOut(plan);
    const within = new Map([
      ['alpha: forward', 0.1],
      ['alpha: backward', 0.3],
      ['weights: forward', 0.2],
    ]);
    const [first, second, third, fourth] = expectedEpochs(plan, measuredAs(learners, { within }));
    expect([first, second].map((epoch) => epoch?.perStep)).toEqual([0.6, 0.6]);
    expect([third, fourth].map((epoch) => epoch?.perStep)).toEqual([1, 1]);
  });

  it('has steps of a selection that are candidates, now and then with statistics of a new best', async () => {
    const plan = tinyPlan({ epochs: 1, candidates: 4, candidateBatches: 2 }, 'random-ws');
    const { learners } = await carriedOut(plan);
    const parts = new Map([['running statistics', { seconds: 12, peak: 0, images: BATCH }]]);
    const selection = expectedEpochs(plan, measuredAs(learners, { step: 3, parts })).at(-1);
    expect(selection).toMatchObject({ phase: 'selection', steps: 4, first: 0 });
    expect(selection?.perStep).toBeCloseTo(3 + (12 * (1 + 1 / 2 + 1 / 3 + 1 / 4)) / 4, 9);
  });
});

/** The tiny data with so many images in each part. */
const dataOf = (images: number) => {
  const { train, ...tiny } = tinyDataset();
  const one = train.images.length / train.labels.length;
  const set = {
    ...train,
    images: Uint8Array.from({ length: images * one }, (_, i) => train.images[i % train.images.length] ?? 0),
    labels: Uint16Array.from({ length: images }, (_, i) => i % 3),
  };
  const counts = [0, 1, 2].map((c) => Math.floor((images + 2 - c) / 3));
  return { ...tiny, train: set, valid: set, test: set, counts: { train: counts, valid: counts, test: counts } };
};

describe('tensorLines', () => {
  it.each<[string, Values]>([
    ['darts', { epochs: 1 }],
    ['robust-darts', { epochs: 1 }],
    ['robust-darts', { epochs: 1, batchSize: 96 }],
    ['p-darts', { epochs: 3, layers: 3, stages: '0, 2, 5' }],
    ['pc-darts', { epochs: 4 }],
    ['darts-pt', { epochs: 1, nodes: 1, projection: 1 }],
    ['gdas', { epochs: 2 }],
    ['random-ws', { epochs: 1, candidates: 10 }],
  ])('say the most memory that tensors take in a run: %s %j', async (recipe, values) => {
    const plan = tinyPlan({ batchSize: 16, channels: 8, ...values }, recipe);
    const images = 100;
    const { batchSize } = plan;
    const own = { ...sizes, trainImages: images, validImages: images };
    const probed = async (batch: number): Promise<Probe> => {
      const found = await probe(plan, { batch, images: 3 * batch, sizes: own });
      return { ...found, kept: 1 };
    };
    const measured = { probes: [await probed(4), await probed(8)] as const, batchSize, sizes: own };
    const expected = Math.max(...tensorLines(plan, measured).map((line) => at(line, batchSize)));
    memory.trim();
    memory.resetPeak();
    const live = tinyRun(plan.phases, { dataset: dataOf(images), batchSize, steps: 3 });
    for await (const _ of live);
    live.dispose();
    const { peak } = memory.stats();
    expect(expected / peak).toBeGreaterThan(0.85);
    expect(expected / peak).toBeLessThan(1.15);
  });
});
