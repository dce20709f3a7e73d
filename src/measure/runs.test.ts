import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { editJson } from '../../test/support/edit-run.js';
import { fakeRun } from '../../test/support/fake-runs.js';
import { given } from '../../test/support/fixtures.js';
import { createRun } from '../run/index.js';
import { sealed } from '../run/seal.js';
import { resultRows } from './results.js';
import { loadRun, loadRuns } from './runs.js';

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

  const finished = (name: string, epochs = 3): string => {
    const path = join(base, name);
    const made = fakeRun({ name: 'darts', label: 'DARTS', seed: 1, epochs: 3, bilateral: false });
    const run = createRun(path, made.info);
    for (const record of made.records.slice(0, epochs)) run.appendRecord(record);
    run.writeEvaluation(given(made.evaluation));
    run.close();
    return path;
  };
  const lines = (path: string): string[] => readFileSync(join(path, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  const rewrite = (path: string, changed: readonly string[]): void =>
    writeFileSync(join(path, 'metrics.jsonl'), changed.map((line) => `${line}\n`).join(''));
  const resealed = (line: string | undefined, change: object): string =>
    JSON.stringify(sealed({ ...JSON.parse(given(line)), ...change }));

  it.each<readonly [string, (path: string) => void, RegExp]>([
    [
      'an epoch missing',
      (path) => rewrite(path, lines(path).toSpliced(1, 1)),
      /line 2 .*epoch 1, .* epoch 2: some are missing/,
    ],
    [
      'an epoch twice',
      (path) => rewrite(path, [...lines(path), ...lines(path).slice(2)]),
      /line 4 .*one is there twice/,
    ],
    [
      'its last epoch missing',
      (path) => rewrite(path, lines(path).slice(0, 2)),
      /has a result, but records of 2 epochs only, of 3/,
    ],
    [
      'an epoch beyond its plan',
      (path) => rewrite(path, [...lines(path), resealed(lines(path)[2], { epoch: 3 })]),
      /of epoch 3, the run has 3, counted from 0/,
    ],
    [
      'an accuracy above 1',
      (path) => rewrite(path, [resealed(lines(path)[0], { trainAccuracy: 1.7 }), ...lines(path).slice(1)]),
      /line 1 .*"trainAccuracy": .*<=1/,
    ],
    [
      'an accuracy that its classes do not give',
      (path) => rewrite(path, [resealed(lines(path)[0], { validAccuracy: 0.99 }), ...lines(path).slice(1)]),
      /line 1 .*validAccuracy is 0.99, its classes gives 0/,
    ],
    [
      'a result that its confusion matrix does not give',
      (path) =>
        editJson(join(path, 'evaluation.json'), (text) => text.replace(/"accuracy": [\d.]+/, '"accuracy": 0.99')),
      /accuracy is 0.99, its confusion matrix gives 0/,
    ],
    [
      'a result that was edited',
      (path) => {
        const file = join(path, 'evaluation.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/"loss": [\d.]+/, '"loss": 0.01'));
      },
      /changed or damaged since it was written \(its content does not match its seal\)/,
    ],
    [
      'a result of other test images',
      (path) =>
        editJson(join(path, 'run.json'), (text) => {
          const made = JSON.parse(text);
          made.data.counts.test[3] = 7;
          return JSON.stringify(made);
        }),
      /its confusion matrix is of 1000, .* run.json says 1000, 1000, 1000, 7/,
    ],
  ])('have neither records nor result where they contradict themselves: %s', (name, change, problem) => {
    const path = finished(name);
    const whole = loadRun(path);
    expect(whole).toMatchObject({ problems: [], evaluation: expect.anything() });
    change(path);
    const { records, evaluation, problems } = loadRun(path);
    expect({ records, evaluation }).toEqual({ records: [], evaluation: undefined });
    expect(problems).toEqual([expect.stringMatching(problem), 'its records and its result are left out']);
    // Beside a sound run of another seed: no mean has it in it.
    const [row] = resultRows([{ ...whole, info: { ...whole.info, seed: 2 } }, loadRun(path)]);
    expect(row).toMatchObject({
      unfinished: [path],
      mean: given(whole.evaluation).accuracy * 100,
      sd: null,
    });
  });

  it('of an edited run.json are not opened at all', () => {
    const path = finished('edited');
    const file = join(path, 'run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"seed": 1', '"seed": 2'));
    expect(() => loadRuns([path])).toThrow(/run.json is damaged: it was changed or damaged since it was written/);
  });

  it('are refused where a folder is no run, and where none can be opened', () => {
    const bad = damaged();
    expect(() => loadRuns([bad])).toThrow(/run.json is damaged/);
    expect(() => loadRuns([bad, join(base, 'nowhere')])).toThrow(/the folder does not exist/);
  });
});
