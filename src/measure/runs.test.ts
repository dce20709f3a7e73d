import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRun } from '../../test/support/fake-runs.js';
import { createRun } from '../run/index.js';
import { loadRuns } from './runs.js';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tailnas-report-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const damaged = (): string => {
  const dir = join(base, 'damaged');
  mkdirSync(dir);
  writeFileSync(join(dir, 'run.json'), '{bad');
  return dir;
};

describe('runs that are to be reported', () => {
  it('are shown without those that cannot be opened, which are named', () => {
    const whole = join(base, 'whole');
    const { info, records } = fakeRun({ name: 'darts', label: 'DARTS', seed: 1, epochs: 2, bilateral: false });
    const run = createRun(whole, info);
    for (const record of records) run.appendRecord(record);
    run.close();
    const bad = damaged();
    const { runs, unreadable } = loadRuns([bad, whole]);
    expect(runs.map(({ path }) => path)).toEqual([whole]);
    expect(unreadable).toEqual([{ path: bad, problems: [expect.stringMatching(/run.json is damaged/)] }]);
  });

  it('say why one failed, until it goes on', () => {
    const path = join(base, 'diverged');
    const { info, records } = fakeRun({ name: 'darts', label: 'DARTS', seed: 1, epochs: 2, bilateral: false });
    const run = createRun(path, info);
    for (const record of records.slice(0, 1)) run.appendRecord(record);
    run.logFailure(new Error('Search diverged: the training loss (NaN) is not finite\nat epoch 1, step 3'));
    const problems = () => loadRuns([path]).runs[0]?.problems;
    expect(problems()).toEqual([
      'it failed after 1 epoch: Search diverged: the training loss (NaN) is not finite at epoch 1, step 3',
    ]);
    run.log('searching on');
    expect(problems()).toEqual(['it is not finished: 1 epoch so far, no test yet']);
    run.close();
  });

  it('are refused where a folder is no run, and where none can be opened', () => {
    const bad = damaged();
    expect(() => loadRuns([bad])).toThrow(/run.json is damaged/);
    expect(() => loadRuns([bad, join(base, 'nowhere')])).toThrow(/the folder does not exist/);
  });
});
