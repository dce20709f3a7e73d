import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImages } from '../../test/support/images.js';
import { tinyPlan } from '../../test/support/tiny.js';
import { stopRules } from '../experiment/index.js';
import { openRun } from '../run/index.js';
import { resumeRun, startRun } from './index.js';

let folder: string;
const path = (name: string): string => join(folder, name);

// A rule of the user's own.
stopRules.add('after', {
  usage: 'after(epochs)',
  make: ([n]) =>
    typeof n === 'number'
      ? { label: `after(${n})`, reason: (epochs) => (epochs.length >= n ? `${n} epochs are enough` : undefined) }
      : undefined,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tailnas-fork-'));
  await writeImages(path('data/train'), { cat: 10, dog: 5 });
  await writeImages(path('data/test'), { cat: 3, dog: 3 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = (spec = 'data') => ({ spec: path(spec), imbalance: 'natural', imbalanceRatio: 1, imageSize: 16 }) as const;

/** Carries a run out, or the first `epochs` of it. */
const run = async (
  out: string,
  { recipe, from, stop = 'after(2)', epochs }: { recipe: string; from?: string; stop?: string; epochs?: number },
): Promise<string[]> => {
  const plan = tinyPlan({ epochs: 3, channels: 1, nodes: 1, stop }, recipe);
  const request = { plan, data: data(), seed: 1, device: 'cpu', threads: 1, out: path(out) };
  const abort = new AbortController();
  const notices: string[] = [];
  const parent = from === undefined ? {} : { from: path(from) };
  for await (const event of startRun({ ...request, ...parent }, { force: true, signal: abort.signal })) {
    if (event.type === 'notice') notices.push(event.text);
    if (event.type === 'stop') notices.push(`${event.phase} ends: ${event.reason}`);
    if (event.type === 'epoch' && event.record.epoch + 1 === epochs) abort.abort();
  }
  return notices;
};

/** What a run came to, without what the clock and the machine say. */
const outcome = (name: string) => {
  const { records, readEvaluation, readGenotype, checkpoints } = openRun(path(name));
  return {
    records: records().map((record) => ({ ...record, seconds: 0, imagesPerSecond: 0, peakMemoryBytes: 0 })),
    evaluation: readEvaluation(),
    genotype: readGenotype(),
    checkpoint: checkpoints.newest()?.file,
  };
};

describe('a run that takes over another whose search ended early', { timeout: 60_000 }, () => {
  it('comes to the same to the bit as if it had searched itself', async () => {
    expect(await run('search', { recipe: 'hls' })).toEqual([
      expect.stringMatching(/^data: /),
      expect.stringMatching(/^images to train on by class: /),
      expect.stringMatching(
        /^\d images of the test are among those trained or validated on, pixel by pixel \(.*\/cat\/0.png/,
      ),
      'images to train on are changed by crop(2) + flip',
      'search ends: 2 epochs are enough',
    ]);
    expect(openRun(path('search')).info.experiment.options).toMatchObject({ epochs: 3, stop: 'after(2)' });
    const notices = await run('forked', { recipe: 'hls-continued-half', from: 'search' });
    expect(notices.slice(4)).toEqual([`continuing from ${path('search')} after its 2 epochs`]);
    await run('own', { recipe: 'hls-continued-half' });
    expect(outcome('forked')).toEqual(outcome('own'));
    expect(outcome('own').records.map(({ phase, epoch, t }) => [phase, epoch, t])).toEqual([
      ['search', 0, 0],
      ['search', 1, 1 / 3],
      ['continued', 2, 0],
      ['continued', 3, 0.5],
    ]);
  });

  it('is refused where the search is not over, or ended by another rule', async () => {
    await run('half', { recipe: 'hls', epochs: 1 });
    await expect(run('a', { recipe: 'hls-continued-half', from: 'half' })).rejects.toThrow(
      'it must be finished, it is at epoch 1 of 3; resume it first',
    );
    await expect(run('b', { recipe: 'hls-continued-half', from: 'half', stop: 'never' })).rejects.toThrow(
      `its stop must be the new run's, it is "after(2)" there and "never" here`,
    );
  });
});

describe('a run that adapts a search to other images', { timeout: 60_000 }, () => {
  const sizes = { epochs: 1, channels: 1, nodes: 1, candidates: 5, candidateBatches: 1, population: 2, tournament: 1 };
  const carryOut = async (out: string, spec: string, { from, until }: { from?: string; until?: number } = {}) => {
    const abort = new AbortController();
    const plan =
      from === undefined
        ? tinyPlan(sizes, 'evolution')
        : tinyPlan({ ...sizes, headEpochs: 2, headLoss: 'balanced-softmax' }, 'imb-nas');
    const request = { plan, data: data(spec), seed: 1, device: 'cpu', threads: 1, out: path(out) };
    const parent = from === undefined ? {} : { from: path(from) };
    for await (const event of startRun({ ...request, ...parent }, { force: true, signal: abort.signal }))
      if (event.type === 'epoch' && event.record.epoch + 1 === until) abort.abort();
  };
  beforeAll(async () => {
    await writeImages(path('even/train'), { cat: 12, dog: 12 });
    await writeImages(path('even/test'), { cat: 3, dog: 3 });
    await writeImages(path('three/train'), { cat: 9, dog: 9, owl: 9 });
    await writeImages(path('three/test'), { cat: 3, dog: 3, owl: 3 });
    await carryOut('source', 'even');
  });

  it('keeps the features that the search has learned, and is tested on the other images', async () => {
    await carryOut('adapted', 'data', { from: 'source' });
    const { info, records, readEvaluation } = openRun(path('adapted'));
    expect(records().map(({ phase }) => phase)).toEqual(['search', 'selection', 'head', 'head', 'adapted-selection']);
    expect(records().slice(0, 2)).toEqual(openRun(path('source')).records());
    expect(info.data.counts.train).toEqual([8, 4]);
    expect(readEvaluation()?.confusion).toHaveLength(2);
    // By the loss of its last classifier, the prior is even.
    expect(readEvaluation()?.priors?.assumed).toEqual([0.5, 0.5]);
    expect(info.adaptedFrom).toMatchObject({ epochs: 2, valid: [2, 2] });
  });

  it('is resumed from right where it began to adapt, to the same bytes', async () => {
    await carryOut('stopped', 'data', { from: 'source', until: 3 });
    for await (const _ of resumeRun(path('stopped')));
    expect(outcome('stopped')).toEqual(outcome('adapted'));
  });

  it('is not begun anew on its own images where it stopped before it took the search over', async () => {
    await carryOut('empty', 'data', { from: 'source', until: 3 });
    rmSync(path('empty/checkpoints'), { recursive: true });
    const resuming = async () => {
      for await (const _ of resumeRun(path('empty')));
    };
    await expect(resuming()).rejects.toThrow(
      /its first 2 epochs are of other images \(.*\); remove it and start again/,
    );
  });

  it('needs images of as many classes', async () => {
    await expect(carryOut('other', 'three', { from: 'source' })).rejects.toThrow(
      "its number of classes must be the new run's, it is 2 there and 3 here",
    );
  });
});
