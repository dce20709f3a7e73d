import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImages } from '../../test/support/images.js';
import { openRun } from '../run/index.js';
import { open, type RunEvent, resumeRun } from './index.js';

// Left by tailnas 0.1.0 at commit 6b3eb85: `search hls-continued-half --logit-scale 2`, two steps into its second
// phase.
const fixture = new URL('../../test/fixtures/run-format-1/', import.meta.url);
const CHECKPOINT = 'epoch-0001-step-000002-1001bd3e22b53764.safetensors';

let folder: string;
const path = (...names: string[]): string => join(folder, ...names);
const saved = (name: string): Buffer => readFileSync(new URL(name, fixture));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tailnas-format1-'));
  await writeImages(path('data/train'), { cat: 10, dog: 5 });
  await writeImages(path('data/test'), { cat: 3, dog: 3 });
  mkdirSync(path('run/checkpoints'), { recursive: true });
  writeFileSync(path('run/run.json'), String(saved('run.json')).replaceAll('DATA', path('data')));
  for (const name of ['metrics.jsonl', 'genotype.json']) writeFileSync(path('run', name), saved(name));
  writeFileSync(path('run/checkpoints', CHECKPOINT), gunzipSync(saved(`${CHECKPOINT}.gz`)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a run folder of format 1', () => {
  it('is resumed to its end, and the records that it has stay as they were', async () => {
    const [info, before] = ['run.json', 'metrics.jsonl'].map((name) => readFileSync(path('run', name), 'utf8'));
    expect(openRun(path('run')).info.changes).toEqual({ logitScale: 2 });
    const events: RunEvent[] = [];
    const run = resumeRun(path('run'), { force: true });
    let next = await run.next();
    for (; !next.done; next = await run.next()) events.push(next.value);
    expect(events).toContainEqual({ type: 'notice', text: 'resuming at epoch 2, step 2' });
    expect(events.filter(({ type }) => type === 'step')).toMatchObject([{ epoch: 1, step: 3, steps: 3 }]);
    expect(next.value).toMatchObject({ interrupted: false, evaluation: { split: 'test' } });

    expect(readFileSync(path('run/run.json'), 'utf8')).toBe(info);
    expect(readFileSync(path('run/metrics.jsonl'), 'utf8').startsWith(before ?? '-')).toBe(true);
    const { records, readEvaluation, readGenotype } = openRun(path('run'));
    expect(records()).toMatchObject([
      { kind: 'search', phase: 'search', epoch: 0, t: 0, knobs: { mixing: 1, 'archLr.class': 0.02 } },
      { kind: 'search', phase: 'continued', epoch: 1, t: 0, knobs: { mixing: 0.5, 'archLr.class': 0.02 } },
    ]);
    for (const record of records()) expect(record.answers).toHaveLength(11);
    expect(readEvaluation()?.answers?.test).toHaveLength(11);
    expect(readGenotype()).toEqual(records()[1]?.genotype);
  });

  it('cannot be opened without its data, which is said', () => {
    expect(() => open(path('run'))).toThrow(/it is of format 1; test it on its own data with `tailnas evaluate /);
  });
});
