import { describe, expect, it } from 'vitest';
import { bytesOf, rest, tinyPlan, tinyRun, watched } from '../../test/support/tiny.js';
import type { Epoch, LoopEvent } from '../loop/index.js';
import { searchNetwork } from '../net/index.js';
import { dartsSpace } from '../space/index.js';
import { liveTensors } from '../tensor/index.js';
import { experiments, scaled, type Values } from './index.js';

/** Three stages of one epoch, of three, four and five cells, in which alpha learns. */
const THREE: Values = { epochs: 3, channels: 2, layers: 3, nodes: 1, stages: '0, 1, 2', archWarmup: 0 };
/** Two edges of a cell, one decision an epoch. */
const PROJECTED: Values = { epochs: 1, channels: 2, layers: 1, nodes: 2, projection: 1 };

const names = dartsSpace.primitives.map(({ name }) => name);

const recordsOf = async (values: Values, recipe: string): Promise<Epoch[]> => {
  const live = tinyRun(tinyPlan(values, recipe).phases);
  const records: Epoch[] = [];
  for await (const event of live) if (event.type === 'epoch') records.push(event.record);
  live.dispose();
  return records;
};

/** What the loop is given of a record that is a learner's own. */
const operationsOf = (record: Epoch | undefined): unknown => Object(record).operations;

describe('the stages of P-DARTS', () => {
  it('are 25 epochs each at the paper’s size, of 5, 11 and 17 cells', () => {
    const { phases, values } = experiments.named('p-darts').with({});
    expect(phases.map(({ name, epochs }) => [name, epochs])).toEqual([
      ['stage-1', 25],
      ['stage-2', 25],
      ['stage-3', 25],
    ]);
    expect(values).toMatchObject({ layers: 5, stages: '0, 6, 12', drops: '0, 3, 2', skipDropout: '0, 0.4, 0.7' });
    expect(phases.map(({ knobs }) => knobs['skipDropout']?.label)).toEqual([
      undefined,
      'lineThenDecay(0.4, 0.4)',
      'lineThenDecay(0.7, 0.4)',
    ]);
    for (const { knobs } of phases) expect(knobs['archWait']?.label).toBe('step(0.4, 1, 0)');
  });

  it('begin with 1,275,834 weights', () => {
    const shape = { channels: 16, layers: 5, nodes: 4, classes: 10, inputChannels: 3 };
    const net = searchNetwork(shape);
    expect(net.store.size).toBe(1_275_834);
    net.dispose();
  });

  it.each(['smoke', 'small'] as const)('can be divided at scale %s', (scale) => {
    const { phases } = scaled(experiments.named('p-darts'), { scale });
    expect(phases).toHaveLength(3);
    for (const { epochs } of phases) expect(Number.isInteger(epochs)).toBe(true);
  });

  it('each build a deeper network whose edges have lost the operations that weighed least', async () => {
    const records = await recordsOf({ ...THREE, archLr: 0.5 }, 'p-darts');
    expect(records.map(({ phase, epoch, t }) => [phase, epoch, t])).toEqual([
      ['stage-1', 0, 0],
      ['stage-2', 1, 0],
      ['stage-3', 2, 0],
    ]);
    const weights = records.map(({ opWeights }) => opWeights?.['backbone']?.['reduction'] ?? []);
    let left = weights[0]?.map(() => names) ?? [];
    for (const [stage, drop] of [
      [1, 3],
      [2, 2],
    ] as const) {
      left = left.map((own, edge) => {
        const weightOf = (name: string) => weights[stage - 1]?.[edge]?.[names.indexOf(name)] ?? 0;
        const weakest = [...own].sort((a, b) => weightOf(a) - weightOf(b)).slice(0, drop);
        return own.filter((name) => !weakest.includes(name));
      });
      expect(operationsOf(records[stage])).toMatchObject({ backbone: { reduction: left } });
      // In records an operation that an edge has lost weighs 0, those that it has add up to 1.
      for (const [edge, row] of (weights[stage] ?? []).entries()) {
        expect(row).toHaveLength(8);
        expect(row.flatMap((w, column) => (w > 0 ? [names[column]] : []))).toEqual(left[edge]);
        expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      }
      expect(records[stage]?.alpha?.['backbone']?.['reduction']?.[0]).toHaveLength(left[0]?.length ?? 0);
    }
    expect(operationsOf(records[0])).toBeUndefined();
    for (const [edge, { op }] of (records[2]?.genotype?.['backbone']?.reduction?.nodes[0] ?? []).entries())
      expect(left.flat(), `edge ${edge}`).toContain(op);
  });

  it('release the networks before them', async () => {
    const before = liveTensors();
    await recordsOf(THREE, 'p-darts');
    expect(liveTensors()).toBe(before);
  });
});

const within = (epoch: number) => (event: LoopEvent) =>
  event.type === 'step' && event.epoch === epoch && event.step === 2;
const after = (epoch: number) => (event: LoopEvent) => event.type === 'epoch' && event.record.epoch === epoch;

const places: readonly [string, string, Values, (event: LoopEvent) => boolean][] = [
  ['P-DARTS, in its first stage', 'p-darts', THREE, within(0)],
  ['P-DARTS, between stages', 'p-darts', THREE, after(0)],
  ['P-DARTS, in its second stage', 'p-darts', THREE, within(1)],
  ['P-DARTS, before its last stage', 'p-darts', THREE, after(1)],
  ['P-DARTS, in its last stage', 'p-darts', THREE, within(2)],
  ['HLS in stages', 'hls', { ...THREE, epochs: 6, drops: '0, 3, 2', skipDropout: '0.3' }, within(3)],
  ['HLS in stages and continued', 'hls-continued-class', { ...THREE, drops: '0, 1, 1' }, within(3)],
  ['DARTS-PT, before its selection', 'darts-pt', PROJECTED, after(0)],
  ['DARTS-PT, in its selection', 'darts-pt', PROJECTED, within(2)],
  ['DARTS-PT, between decisions', 'darts-pt', PROJECTED, after(3)],
  ['DARTS-PT, at the node', 'darts-pt', PROJECTED, within(6)],
  ['HLS with selection by perturbation', 'hls', { ...PROJECTED, nodes: 1 }, within(2)],
];

describe('a run is resumed to the byte', () => {
  it.each(places)('%s', async (_, recipe, values, place) => {
    const { phases } = tinyPlan(values, recipe);
    const { events, records, middle, end } = await watched(tinyRun(phases, { seed: 3 }), place);
    const resumed = tinyRun(phases, { seed: 3, resume: middle, records });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
  });
});

describe('the selection of DARTS-PT', () => {
  it('takes 5 × 16 + 1 epochs at the paper’s size', () => {
    const { phases } = experiments.named('darts-pt').with({});
    expect(phases.map(({ name, epochs }) => [name, epochs])).toEqual([
      ['search', 50],
      ['projection', 5 * 16 + 1],
    ]);
    expect(phases[1]?.knobs['weightLr']?.(0)).toBeCloseTo(0.002);
  });

  it('ends in cells of which everything is decided, and is no guess of alpha', async () => {
    const records = await recordsOf(PROJECTED, 'darts-pt');
    const last = records.at(-1);
    expect(records.map(({ phase }) => phase)).toEqual(['search', ...new Array<string>(6).fill('projection')]);
    const rows = last?.opWeights?.['backbone']?.['reduction'] ?? [];
    const kept = rows.map((row) => row.filter((w) => w === 1).length);
    expect(rows.flat().every((w) => w === 0 || w === 1)).toBe(true);
    expect(kept.slice(0, 2)).toEqual([1, 1]);
    expect(kept.slice(2).toSorted()).toEqual([0, 1, 1]);
    const without = names.filter((name) => name !== 'none');
    const found = last?.genotype?.['backbone']?.reduction?.nodes ?? [];
    const expected = [
      [0, 1],
      [2, 3, 4],
    ].map((edges) =>
      edges.flatMap((row, from) => {
        const op = without[rows[row]?.indexOf(1) ?? -1];
        return op === undefined ? [] : [{ op, from }];
      }),
    );
    expect(found).toEqual(expected);
    // One edge more is decided each epoch.
    const decided = records.map(
      ({ opWeights }) =>
        opWeights?.['backbone']?.['reduction']?.filter((row) => row.every((w) => w === 0 || w === 1)).length,
    );
    expect(decided).toEqual([0, 1, 2, 3, 4, 5, 5]);
  });
});

describe('a search in stages, or with a selection, refuses', () => {
  it.each<[Values, string, string]>([
    [{ epochs: 10 }, 'p-darts', 'Cannot use --stages "0, 6, 12" with --epochs 10: epochs must be a multiple of its 3'],
    [{ epochs: 2 }, 'p-darts', 'use --epochs 3'],
    [
      { epochs: 3, drops: '0, 4, 3' },
      'p-darts',
      'Cannot use --drops "0, 4, 3" with --space darts: of its 8 operations at least 2',
    ],
    [{ epochs: 3, drops: '3, 2, 2' }, 'p-darts', 'its first number must be 0'],
    [{ epochs: 3, drops: '0, 3' }, 'p-darts', 'it must have a number for each stage'],
    [{ skipDropout: '0, 0.5' }, 'darts', 'Cannot use --skip-dropout "0, 0.5" with --stages "0"'],
    [{ skipDropout: '1' }, 'darts', 'Cannot use --skip-dropout: it must be a number >= 0 and < 1, got 1'],
    [{ stages: '0, x' }, 'darts', 'Cannot use --stages: it must be a whole number >= 0'],
    [{ order: 2, skipDropout: '0.5' }, 'darts', 'Cannot use --order 2 with --skip-dropout "0.5"'],
    [{ projection: 1, epochs: 3 }, 'p-darts', 'Cannot use --projection with --stages'],
    [{ projection: 1 }, 'gdas', 'Cannot use --projection with --relax sampled'],
    [{ projection: 1, partial: 2 }, 'darts', 'Cannot use --projection with --partial 2'],
  ])('%j of %s', (values, recipe, message) => {
    expect(() => tinyPlan(values, recipe)).toThrow(message);
  });

  it('to select without validation images', () => {
    const [, selection] = tinyPlan(PROJECTED, 'darts-pt').phases;
    const context = { classes: 3, inputChannels: 3, imageSize: 8, counts: [8, 4, 2], device: 'cpu', validates: false };
    expect(() => selection?.start?.(context, {})).toThrow('there must be validation images, there are none');
  });
});
