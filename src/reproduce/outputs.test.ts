import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRun } from '../../test/support/fake-runs.js';
import { createRun } from '../run/index.js';
import { writeOutputs } from './outputs.js';

let out = '';
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'tailnas-outputs-'));
});
afterEach(() => rmSync(out, { recursive: true }));

/** Leaves a finished run, or one that failed after its first epoch. */
const leave = (seed: number, { failed = false } = {}): string => {
  const path = join(out, 'runs', `darts-bbn-seed-${seed}`);
  const made = fakeRun({ name: 'darts-bbn', label: 'DARTS + BBN', seed, epochs: 3, bilateral: true });
  const run = createRun(path, made.info);
  for (const record of made.records.slice(0, failed ? 1 : 3)) run.appendRecord(record);
  if (failed) run.logFailure(new Error('Search diverged: the training loss (NaN) is not finite'));
  else if (made.evaluation !== undefined) run.writeEvaluation(made.evaluation);
  run.close();
  return path;
};

describe('what a reproduction leaves', () => {
  it('lists runs that failed, with the reason, and draws those that are done', async () => {
    const paths = [leave(1), leave(2), leave(3, { failed: true })];
    const { rows, figures, failed, report } = await writeOutputs({ figures: ['figure2'] }, { paths, out, command: [] });
    expect(failed).toEqual([]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ seeds: [1, 2, 3], unfinished: [paths[2]] });
    expect(readFileSync(figures[0] ?? '', 'utf8')).toContain('(n = 2)');
    const page = readFileSync(report ?? '', 'utf8');
    expect(page).toContain('it failed after 1 epoch: Search diverged: the training loss (NaN) is not finite');
  });

  it('writes nothing through a link', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'tailnas-elsewhere-'));
    writeFileSync(join(elsewhere, 'precious'), 'precious');
    symlinkSync(elsewhere, join(out, 'figures'));
    symlinkSync(join(elsewhere, 'precious'), join(out, 'report.html'));
    const { failed, report } = await writeOutputs({ figures: ['figure2'] }, { paths: [leave(1)], out, command: [] });
    expect(failed).toMatchObject([{ name: 'figure2', error: expect.stringContaining('it is a link') }]);
    expect(readFileSync(report ?? '', 'utf8')).toContain('<html');
    expect(readdirSync(elsewhere)).toEqual(['precious']);
    expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('precious');
    rmSync(elsewhere, { recursive: true });
  });
});
