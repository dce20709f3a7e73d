import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRun } from '../../test/support/fake-runs.js';
import { fakeFit } from '../../test/support/own-data.js';
import { leaveRun } from '../../test/support/run-folders.js';
import { writeFitPlan } from '../run/index.js';
import { discover } from './discover.js';
import { watchedRuns } from './watched-runs.js';

const darts = fakeRun({ name: 'darts', label: 'DARTS', seed: 0, epochs: 2, bilateral: false });
let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tailnas-discover-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const found = (...names: string[]) => {
  const { runs, queued, ...rest } = discover(names.map((name) => join(base, name)));
  return { ...rest, runs: runs.map(({ name }) => name), queued: queued.map(({ name, epochs }) => `${name} ${epochs}`) };
};

describe('watchedRuns', () => {
  it('says of an empty folder that there is nothing, once it has looked', async () => {
    const runs = watchedRuns([base]);
    expect(runs.since(0)).toMatchObject({ revision: 0, runs: [], folders: null });
    await runs.look();
    expect(runs.since(0)).toMatchObject({ revision: 1, runs: [] });
    await runs.look();
    expect(runs.since(0).revision).toBe(1);
  });

  it('has what is queued as runs, until they begin', async () => {
    const { plan } = fakeFit();
    writeFitPlan(base, plan);
    const runs = watchedRuns([base]);
    const states = async () => {
      await runs.look();
      return runs.since(0).runs.map(({ name, state }) => `${name.split('/').at(-1)} ${state}`);
    };
    expect(await states()).toEqual(['search queued', 'network queued', 'random queued', 'resnet queued']);
    expect(runs.since(0).runs[0]?.progress.left).toBe(plan.parts.search.expectedSeconds);
    leaveRun(join(base, 'search'), darts);
    expect(await states()).toEqual(['search stopped', 'network queued', 'random queued', 'resnet queued']);
  });
});

describe('discover', () => {
  it('finds a run that is named itself, and those in folders, as people count', () => {
    for (const name of ['runs/hls-10', 'runs/hls-9', 'other/runs/deeper/darts', 'runs/hls-9/checkpoints/no'])
      leaveRun(join(base, name), darts);
    expect(found('runs/hls-9').runs).toEqual(['hls-9']);
    expect(found('runs', 'other').runs).toEqual(['runs/hls-9', 'runs/hls-10', 'other/runs/deeper/darts']);
    expect(found('runs', 'runs/hls-9').runs).toHaveLength(2);
  });

  it('follows a link that is named, and none that lies in a folder', () => {
    leaveRun(join(base, 'real/one'), darts);
    symlinkSync(join(base, 'real'), join(base, 'link'));
    mkdirSync(join(base, 'runs'));
    symlinkSync(join(base, 'real'), join(base, 'runs', 'link'));
    symlinkSync(base, join(base, 'real', 'around'));
    expect(found('link').runs).toEqual(['link/one']);
    expect(found('runs').runs).toEqual([]);
    expect(found('real').runs).toEqual(['real/one']);
  });

  it('knows what is to come of a fit, with its epochs', () => {
    const { plan } = fakeFit();
    mkdirSync(join(base, 'birds'));
    writeFitPlan(join(base, 'birds'), plan);
    leaveRun(join(base, 'birds', 'search'), darts);
    const epochs = (name: 'network' | 'random' | 'resnet') => plan.parts[name].values['epochs'] ?? null;
    expect(found('.')).toMatchObject({
      runs: [expect.stringMatching(/birds\/search$/)],
      queued: (['network', 'random', 'resnet'] as const).map((name) =>
        expect.stringMatching(new RegExp(`birds/${name} ${epochs(name)}$`)),
      ),
    });
    writeFileSync(join(base, 'birds', 'fit.json'), '{');
    expect(found('birds').problems).toEqual([expect.stringMatching(/fit.json: the text is not JSON; restore it/)]);
  });

  it('knows what is to come of a plan of tasks; one of another shape says nothing', () => {
    mkdirSync(join(base, 'sweep'));
    const plan = (tasks: unknown): void =>
      writeFileSync(join(base, 'sweep', 'plan.json'), JSON.stringify({ format: 1, tasks, seal: '0' }));
    const words = ['search', 'hls', '--epochs', '4', '--seed', '1'];
    plan([
      { name: 'a', runs: { 'hls-seed-1': words, 'hls-seed-2': words, '../up': words } },
      { name: 'b', runs: {} },
    ]);
    leaveRun(join(base, 'sweep', 'runs', 'hls-seed-2', 'network'), darts); // a fit that has begun
    expect(found('sweep')).toMatchObject({ queued: ['sweep/runs/hls-seed-1 4'], problems: [] });
    for (const other of [7, [{ runs: [] }], undefined]) {
      plan(other);
      expect(found('sweep')).toMatchObject({ queued: [], problems: [] });
    }
  });

  it('finds reports, and says which folder cannot be read', () => {
    mkdirSync(join(base, 'fit'));
    writeFileSync(join(base, 'fit', 'report.html'), '');
    expect(found('fit').reports).toEqual([{ dir: join(base, 'fit'), name: 'fit' }]);
    expect(found('missing').problems).toEqual([expect.stringMatching(/ENOENT/)]);
  });
});
