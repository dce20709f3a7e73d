import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImages } from '../../test/support/images.js';
import { tinyPlan } from '../../test/support/tiny.js';
import { planDataset } from '../data/index.js';
import { openRun } from '../run/index.js';
import { predict, type RunRequest, resumeRun, startRun, train } from './index.js';

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tailnas-moved-'));
  await writeImages(path('data/train'), { cat: 10, dog: 5 });
  await writeImages(path('data/test'), { cat: 3, dog: 3 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = (out: string): RunRequest => ({
  plan: tinyPlan({ epochs: 3, channels: 1, nodes: 1 }, 'darts'),
  data: { spec: path('data'), imageSize: 16 },
  ...{ seed: 1, threads: 1, out: path(out) },
});

describe('a run whose data were moved', { timeout: 60_000 }, () => {
  it('goes on where they are now, to the same end, and says so where they are not', async () => {
    await startRun(request('whole'), { force: true }).result;
    const abort = new AbortController();
    for await (const event of startRun(request('half'), { force: true, signal: abort.signal }))
      if (event.type === 'epoch') abort.abort();
    renameSync(path('data'), path('elsewhere'));

    await expect(resumeRun(path('half')).result).rejects.toThrow(
      /^Cannot continue .*half on the data that it began with: there is no .*; restore .* with --data, or start /,
    );
    await writeImages(path('others/train'), { cat: 10, dog: 5 });
    await writeImages(path('others/test'), { cat: 3, dog: 4 });
    await expect(resumeRun(path('half'), { data: path('others') }).result).rejects.toThrow('fingerprint');
    const { interrupted } = await resumeRun(path('half'), { data: path('elsewhere'), force: true }).result;
    expect(interrupted).toBe(false);
    const end = (name: string) => openRun(path(name)).readEvaluation();
    expect(end('half')).toEqual(end('whole'));
  });
});

describe('an option that does not exist', () => {
  const wrong = (given: object): never => given as never;

  it.each([
    ['a run', () => startRun(wrong({ ...request('x'), thread: 1 })), 'start a run: there is no option "thread"; did'],
    ['its watch', () => startRun(request('x'), wrong({ forced: true })), 'there is no option "forced"; did you mean'],
    ['resuming', () => resumeRun(path('x'), wrong({ spec: 'y' })), 'there is no option "spec"'],
    ['a training', () => train('resnet8', wrong({ out: 'x', epochs: 3 })), 'Cannot train: there is no option "epochs"'],
  ])('of %s is refused at once', (_, call, message) => expect(call).toThrow(message));

  it.each([
    ['data', () => planDataset('mnist', wrong({ imagesize: 28 })), '"imagesize"; did you mean "imageSize"?'],
    ['a prediction', () => predict(path('whole'), [], wrong({ top: 2 })), 'there is no option "top"; there are'],
  ])('of %s is refused', (_, call, message) => expect(call()).rejects.toThrow(message));
});
