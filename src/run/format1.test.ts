import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultRuns } from '../../test/support/results.js';
import { openRun } from './folder.js';

const results = await resultRuns();
const runOf = (folder: string): string => join(results, folder);
const jsonOf = (folder: string, file: string) => JSON.parse(readFileSync(join(runOf(folder), file), 'utf8'));

describe('runs of format 1', () => {
  const folders = readdirSync(results, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(runOf(join(name, 'runs'))).map((run) => join(name, 'runs', run)))
    .filter((folder) => jsonOf(folder, 'run.json').format !== 2);

  it('are all read', () => {
    expect(folders.length).toBeGreaterThan(80);
    for (const folder of folders) {
      const run = openRun(runOf(folder));
      expect([run.info.format, run.info.experiment.kind]).toEqual([2, 'search']);
      expect(run.records().every(({ kind }) => kind === 'search')).toBe(true);
      expect(run.readEvaluation() !== undefined).toBe(existsSync(join(runOf(folder), 'evaluation.json')));
    }
  });

  it('have records that are upgraded exactly', () => {
    const folder = 'table2/runs/hls-continued-half-seed-1';
    const lines = readFileSync(join(runOf(folder), 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const records = openRun(runOf(folder)).records();
    expect(records).toHaveLength(lines.length);
    for (const [i, line] of lines.entries()) {
      const { mixing, weightLr, archLr, sweep, ...rest } = JSON.parse(line);
      const { backbone, instance, class: klass } = archLr;
      expect(records[i]).toEqual({
        ...rest,
        kind: 'search',
        knobs: {
          mixing,
          weightLr,
          'archLr.backbone': backbone,
          'archLr.instance': instance,
          'archLr.class': klass,
        },
        answers: sweep.map(({ mixing: m, ...scores }: { mixing: number }) => ({ at: { mixing: m }, ...scores })),
      });
    }
  });

  it('have one answer where there was one head', () => {
    const [record] = openRun(runOf('table2/runs/darts-seed-1')).records();
    expect(record).toMatchObject({ answers: null, knobs: { weightLr: 0.02, 'archLr.backbone': 0.02 } });
    expect(record?.knobs).not.toHaveProperty('mixing');
    expect(openRun(runOf('table2/runs/darts-seed-1')).readEvaluation()).toMatchObject({ at: {}, answers: null });
  });

  it('have a description in the words of format 2', () => {
    const folder = 'table2/runs/hls-continued-half-seed-1';
    const old = jsonOf(folder, 'run.json');
    const { info } = openRun(runOf(folder));
    const { experiment, data, changes } = info;
    expect(experiment).toMatchObject({ name: 'hls-continued-half', paper: 63.12, method: 'HLS, parabolicDecay' });
    expect(experiment.options).toEqual({
      ...old.recipe.settings,
      loss: 'cross-entropy',
      sampling: 'class',
      mixing: 'parabolicDecay',
    });
    expect(experiment.streams.map(({ part, sampling }) => `${part} ${sampling}`)).toEqual([
      'train instance',
      'train class',
      'valid instance',
      'valid class',
    ]);
    expect(experiment.phases.map(({ name, epochs, knobs }) => [name, epochs, knobs['mixing']])).toEqual([
      ['search', 10, 'parabolicDecay'],
      ['continued', 5, 'constant(0.5)'],
    ]);
    expect(experiment.phases[0]?.knobs['archLr.backbone']).toBe('constant(0.02) × softFreeze(parabolicDecay)');
    expect(experiment.space?.primitives).toHaveLength(8);
    expect(data).toMatchObject({ ...old.data, channels: null, mean: null });
    expect(changes).toEqual({});
  });

  it('keep what was changed of the method apart from sizes', () => {
    const of = (change: string) => openRun(runOf(`sensitivity/runs/hls-${change}-seed-1`)).info;
    expect(of('freeze-sqrt').changes).toEqual({ freeze: 'sqrt' });
    expect(of('order-2').changes).toEqual({ order: 2 });
    expect(of('order-2').overrides).toEqual({ scale: 'smoke', epochs: 4, batchSize: 32 });
    expect(of('order-2').experiment.options).toMatchObject({ order: 2, epochs: 4 });
  });

  it('have an evaluation at the mixing that was chosen, and answers at all', () => {
    const folder = 'table2/runs/darts-bbn-seed-1';
    const { mixing, sweep, ...rest } = jsonOf(folder, 'evaluation.json');
    const evaluation = openRun(runOf(folder)).readEvaluation();
    expect(evaluation).toMatchObject({ ...rest, at: { mixing } });
    for (const split of ['valid', 'test'] as const)
      expect(evaluation?.answers?.[split]).toEqual(
        sweep[split].map(({ mixing: m, ...scores }: { mixing: number }) => ({ at: { mixing: m }, ...scores })),
      );
  });
});
