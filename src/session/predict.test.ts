import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { given } from '../../test/support/fixtures.js';
import { writeImages } from '../../test/support/images.js';
import { tinyPlan } from '../../test/support/tiny.js';
import { scaled, training } from '../experiment/index.js';
import type { Evaluation } from '../run/index.js';
import { openRun } from '../run/index.js';
import { liveTensors } from '../tensor/index.js';
import {
  type DataRequest,
  type EvaluateOnOptions,
  evaluateOn,
  loadImages,
  open,
  type Prediction,
  predict,
  reopen,
  startRun,
} from './index.js';

let folder: string;
const path = (...names: string[]): string => join(folder, ...names);
const CLASSES = ['cat', 'dog', 'owl'];
/** The test set as training's evaluation reads it, and the run's evaluation. */
let own: { logits: number[][]; evaluation: Evaluation; adjusted: Evaluation };

const train = async (name: string, data: Partial<DataRequest> & { spec: string }) => {
  const plan = scaled(training({ name: 'resnet(8)', genotypes: null }), {
    scale: 'smoke',
    values: { epochs: 2, channels: 4, batchSize: 4 },
  });
  const request = { imbalance: 'natural', imbalanceRatio: 1, ...data } as const;
  const run = { plan, data: request, seed: 1, device: 'cpu', threads: 1, out: path(name) };
  for await (const _ of startRun(run, { force: true }));
};
const ended = async <T>(pass: AsyncGenerator<unknown, T>): Promise<T> => {
  for (;;) {
    const next = await pass.next();
    if (next.done) return next.value;
  }
};
const evaluated = (spec: string, options?: EvaluateOnOptions) => ended(evaluateOn(path('run'), spec, options));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tailnas-predict-'));
  await writeImages(path('data', 'train'), { cat: 16, dog: 9, owl: 6 });
  await writeImages(path('data', 'test'), { cat: 4, dog: 3, owl: 2 }); // batches of 4, 4 and 1
  await train('run', { spec: path('data'), imageSize: 12 });
  await train('grey', { spec: path('data'), imageSize: 12, grey: true });
  const { dataset, live } = await reopen(openRun(path('run')));
  const model = open(path('run'));
  const size = 12 * 12 * 3;
  const logits = [0, 4].flatMap((start) => {
    const of = model.logits(dataset.test.images.subarray(start * size, (start + (start === 0 ? 4 : 5)) * size));
    return Array.from({ length: of.shape[0] ?? 0 }, (_, i) => of.toArray().slice(3 * i, 3 * i + 3));
  });
  const network = live();
  const prior = { name: 'mine', prior: [0.1, 0.2, 0.7] };
  own = {
    logits,
    evaluation: await ended(network.evaluate()),
    adjusted: await ended(network.evaluate({ prior })),
  };
  network.dispose();
  model.dispose();
  renameSync(path('data', 'test'), path('photos'));
  rmSync(path('data'), { recursive: true });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const counted = (predictions: readonly Prediction[]): number[][] =>
  CLASSES.map((truth) =>
    CLASSES.map((name) => predictions.filter((p) => p.file.includes(`/${truth}/`) && p.class === name).length),
  );

describe('predictions of a run whose data are gone', () => {
  it('are the evaluation’s to the bit, however many images are predicted at once, one alone too', async () => {
    const before = liveTensors();
    for (const batchSize of [undefined, 4, 3, 1]) {
      const { predictions, failures, classes } = await predict(path('run'), path('photos'), { batchSize });
      expect({ failures, classes }).toEqual({ failures: [], classes: CLASSES });
      expect(predictions.map(({ logits }) => logits)).toEqual(own.logits);
      expect(counted(predictions)).toEqual(own.evaluation.confusion);
    }
    const [alone] = (await predict(path('run'), path('photos', 'dog', '0.png'))).predictions;
    expect(alone?.logits).toEqual(own.logits[4]);
    expect(liveTensors()).toBe(before);
  });

  it('have probabilities that add up to 1, the largest first in rank, and how far it is ahead', async () => {
    const { predictions } = await predict(path('run'), path('photos'));
    for (const { probabilities, probability, margin, logits, class: name } of predictions) {
      const sum = logits.reduce((all, value) => all + Math.exp(value), 0);
      for (const [c, value] of logits.entries()) expect(probabilities[c]).toBeCloseTo(Math.exp(value) / sum, 12);
      const [first = 0, second = 0] = probabilities.toSorted((a, b) => b - a);
      expect({ probability, margin }).toEqual({ probability: first, margin: first - second });
      expect(name).toBe(CLASSES[probabilities.indexOf(first)]);
    }
  });

  it('are adjusted to a prior as the evaluation is', async () => {
    const { predictions } = await predict(path('run'), path('photos'), { prior: [1, 2, 7] });
    expect(counted(predictions)).toEqual(own.adjusted.confusion);
    for (const prior of [[-1, 2, 3], [1], [1, 2, Number.NaN]])
      await expect(predict(path('run'), path('photos'), { prior })).rejects.toThrow(
        'Cannot adjust logits to a prior: it must have a share > 0 for each of 3 classes, got [',
      );
    const model = open(path('run'));
    const shift = [0.1, 0.2, 0.7].map((share, c) => Math.fround(Math.log(share) - Math.log(model.assumes?.[c] ?? 0)));
    const moved = own.logits.map((row) => row.map((value, c) => Math.fround(value + (shift[c] ?? 0))));
    for (const [i, { logits }] of predictions.entries())
      for (const [c, value] of logits.entries()) expect(value).toBeCloseTo(given(moved[i]?.[c]), 6);
    model.dispose();
  });

  it('go past what cannot be read, and keep the order', async () => {
    writeFileSync(path('notes.png'), 'no image');
    const paths = [path('photos', 'owl'), path('gone.png'), path('notes.png'), path('photos', 'cat', '1.png')];
    const { predictions, failures } = await predict(path('run'), paths);
    expect(predictions.map(({ file }) => file)).toEqual([
      path('photos', 'owl', '0.png'),
      path('photos', 'owl', '1.png'),
      path('photos', 'cat', '1.png'),
    ]);
    expect(failures.map(({ file }) => file)).toEqual([path('gone.png'), path('notes.png')]);
  });

  it('say when colours are lost or made up', async () => {
    await sharp(Buffer.alloc(400, 90), { raw: { width: 20, height: 20, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(path('b-w.png'));
    const notices = async (run: string, file: string) => (await predict(path(run), file)).notices;
    expect(await notices('run', path('b-w.png'))).toEqual([
      '1 image is grey: read in three channels, as the network needs',
    ]);
    expect(await notices('run', path('photos', 'cat', '0.png'))).toEqual([]);
    expect(await notices('grey', path('b-w.png'))).toEqual([]);
    expect(await notices('grey', path('photos'))).toEqual([
      'images in colour are read in grey: the network has one channel',
    ]);
  });

  it('are refused of a search, with what to do', async () => {
    const plan = tinyPlan({ epochs: 1, nodes: 1, channels: 2 });
    await writeImages(path('few', 'train'), { cat: 5, dog: 5 });
    await writeImages(path('few', 'test'), { cat: 1, dog: 1 });
    const data = { spec: path('few'), imbalance: 'natural', imbalanceRatio: 1, imageSize: 16 } as const;
    for await (const _ of startRun(
      { plan, data, seed: 1, device: 'cpu', threads: 1, out: path('s') },
      { force: true },
    ));
    await expect(predict(path('s'), path('photos'))).rejects.toThrow(
      `Cannot predict with ${path('s')}: it must be a trained network, this is a search, whose network mixes all ` +
        `candidates; train what it found with \`tailnas train ${path('s')}\`, and name that run`,
    );
  });
});

describe('loadImages', () => {
  it('gives the bytes that logits() takes, for a model or for a run.json', async () => {
    const model = open(path('run'));
    for (const as of [model, openRun(path('run')).info]) {
      const { images, files, failures } = await loadImages([path('photos'), path('gone')], { as });
      expect(files.length * 12 * 12 * 3).toBe(images.length);
      expect(failures).toHaveLength(1);
      const logits = model.logits(images);
      expect(logits.toArray()).toEqual(own.logits.flat());
      logits.dispose();
    }
    model.dispose();
  });

  it('refuses a network that no image file fits', async () => {
    const { info } = openRun(path('run'));
    const as = (change: object) => loadImages(path('photos'), { as: { data: { ...info.data, ...change } } });
    await expect(as({ channels: 4 })).rejects.toThrow('the network must have 1 or 3 channels, got 4; prepare them');
    await expect(as({ fit: 'fill' })).rejects.toThrow('resized by cover, contain, stretch, got fill');
    await expect(as({ imageSize: null })).rejects.toThrow('(format 2), got none');
  });
});

describe('a run that is tested on other images', () => {
  it('has the same result on its own test images, adjusted too', async () => {
    const { evaluation, counts, unknown, failures } = await evaluated(path('photos'));
    expect(evaluation).toEqual(own.evaluation);
    expect({ counts, unknown, failures }).toEqual({ counts: [4, 3, 2], unknown: [], failures: [] });
    const prior = { name: 'mine', prior: [0.1, 0.2, 0.7] };
    expect((await evaluated(path('photos'), { prior })).evaluation).toEqual(own.adjusted);
  });

  it('takes the test part, finds classes by name, and says which there are not, and what cannot be read', async () => {
    cpSync(path('photos'), path('other', 'test'), { recursive: true });
    await writeImages(path('other', 'train'), { cat: 1 });
    renameSync(path('other', 'test', 'cat'), path('other', 'test', 'zebra')); // unknown, and the last by name
    mkdirSync(path('other', 'test', 'ant')); // empty, and the first by name
    writeFileSync(path('other', 'test', 'owl', '7.png'), '');
    writeFileSync(path('other', 'test', 'owl', 'list.csv'), '');
    const found = await evaluated(path('other'));
    expect(found.from).toBe(path('other', 'test'));
    expect(found.counts).toEqual([0, 3, 2]);
    expect(found.unknown).toEqual([{ name: 'zebra', images: 4 }]);
    expect(found.failures).toEqual([{ file: path('other', 'test', 'owl', '7.png'), reason: 'it is empty (0 bytes)' }]);
    expect(found.leftOut.map((file) => file.slice(-8))).toEqual(['list.csv']);
    expect(found.evaluation.confusion).toEqual([[0, 0, 0], ...own.evaluation.confusion.slice(1)]);
    expect(found.evaluation.perClassAccuracy[0]).toBeNull();
    expect(found.evaluation.priors?.tests.map(({ name }) => name)).toEqual(['uniform', 'training']);
  });

  it('names what its folders are called where no class is the run’s', async () => {
    mkdirSync(path('wrapped'));
    cpSync(path('photos'), path('wrapped', 'inner'), { recursive: true });
    expect((await evaluated(path('wrapped'))).from).toBe(path('wrapped', 'inner'));
    for (const name of ['yak', 'zebra']) cpSync(path('photos', 'cat'), path('zoo', name), { recursive: true });
    await expect(evaluated(path('zoo'))).rejects.toThrow(
      `on ${path('zoo')}: its class folders must be named like classes of the run (cat, dog, owl), they are yak, zeb`,
    );
    await expect(evaluated(path('photos', 'cat'))).rejects.toThrow('has no class folders with images');
  });

  it('brings images of a set in memory to the size and the channels of the network, as it does files', async () => {
    const labels = [0, 1, 2, 0, 1, 2];
    const pixels = Buffer.from(Uint8Array.from({ length: 6 * 784 }, (_, i) => (i * 37 + (i >> 6)) % 256));
    mkdirSync(path('digits'));
    for (const part of ['train', 't10k']) {
      const head = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 28, 0, 0, 0, 28];
      writeFileSync(path('digits', `${part}-images-idx3-ubyte`), Buffer.concat([Buffer.from(head), pixels]));
      writeFileSync(path('digits', `${part}-labels-idx1-ubyte`), Buffer.from([0, 0, 8, 1, 0, 0, 0, 6, ...labels]));
    }
    await expect(evaluated(path('digits'))).rejects.toThrow('(cat, dog, owl), they are 0, 1, 2;');
    for (const part of ['train', 'test'])
      for (const [i, label] of labels.entries()) {
        mkdirSync(path('files', part, `${label}`), { recursive: true });
        const image = pixels.subarray(i * 784, (i + 1) * 784);
        await sharp(image, { raw: { width: 28, height: 28, channels: 1 } })
          .toColourspace('b-w')
          .png()
          .toFile(path('files', part, `${label}`, `${i}.png`));
      }
    await train('of-digits', { spec: path('digits') });
    await train('of-files', { spec: path('files'), imageSize: 12 });
    for (const run of ['of-digits', 'of-files']) {
      const [files, digits] = [path('files'), path('digits')].map((spec) => ended(evaluateOn(path(run), spec)));
      const found = await digits;
      expect(found?.counts).toEqual([2, 2, 2]);
      expect((await files)?.evaluation.confusion).toEqual(found?.evaluation.confusion);
      expect((await files)?.evaluation.loss).toBeCloseTo(given(found?.evaluation.loss), 6);
    }
  });
});
