import { describe, expect, it } from 'vitest';
import { tinyDataset, tinyPlan, tinyRun } from '../../test/support/tiny.js';
import type { Model } from '../net/index.js';
import { ParameterStore } from '../nn/index.js';
import { tensor } from '../tensor/index.js';
import { evaluate, type Mistaken } from './index.js';
import { seenImages } from './seen.js';

const dataset = tinyDataset();
/** Logits of the six test images, two of each class: both of class 0 and one of class 2 are wrong. */
const LOGITS = [
  [0, 1, 0],
  [0, 0, 3],
  [0, 9, 0],
  [0, 9, 0],
  [0, 0, 9],
  [2, 0, 0],
];

const rigged = (logits: readonly (readonly number[])[]): Model => {
  let start = 0;
  return {
    store: new ParameterStore(),
    settings: [{}],
    answers: (images, _, at = [{}]) => {
      const n = images.shape[0] ?? 0;
      const rows = logits.slice(start, start + n);
      start += n;
      return at.map((knobs) => ({ at: knobs, logits: tensor(rows.map((row) => [...row])) }));
    },
    dispose: () => {},
  };
};

const mistakesOf = async (most: number, batchSize = 4): Promise<readonly Mistaken[]> => {
  let taken: readonly Mistaken[] = [];
  const onMistakes = {
    most,
    take: (mistakes: readonly Mistaken[]) => {
      taken = mistakes;
    },
  };
  const steps = evaluate(rigged(LOGITS), { dataset, batchSize, onMistakes });
  while (!(await steps.next()).done);
  return taken;
};

describe('mistakes on the test images', () => {
  it('are those of each class, the most confident first, with probabilities and their pixels', async () => {
    const all = await mistakesOf(6);
    expect(all.map(({ index, truth, answer }) => [index, truth, answer])).toEqual([
      [1, 0, 2],
      [0, 0, 1],
      [5, 2, 0],
    ]);
    const of = (logits: readonly number[], c: number) =>
      Math.exp(logits[c] ?? 0) / logits.reduce((sum, x) => sum + Math.exp(x), 0);
    expect(all[0]?.probability).toBeCloseTo(of([0, 0, 3], 2), 6);
    expect(all[0]?.ofTruth).toBeCloseTo(of([0, 0, 3], 0), 6);
    const size = 8 * 8 * 3;
    expect(all[2]?.image.bytes).toEqual(dataset.test.images.subarray(5 * size, 6 * size));
  });

  it('are as many of a class as are asked for, whatever the batches', async () => {
    expect((await mistakesOf(1)).map(({ index }) => index)).toEqual([1, 5]);
    expect(await mistakesOf(6, 1)).toEqual(await mistakesOf(6, 6));
    expect(await mistakesOf(0)).toEqual([]);
  });
});

describe('training images as a network gets them', () => {
  const seen = (augment: string, knobs = {}) =>
    seenImages(dataset, { augment, store: { dtype: 'float32', device: 'cpu' }, seed: 0, knobs, count: 30 });

  it('are the very bytes where nothing changes them, of every class as often', () => {
    const size = 8 * 8 * 3;
    const known = new Set(
      Array.from(dataset.train.labels, (_, i) => String(dataset.train.images.subarray(i * size, (i + 1) * size))),
    );
    const images = seen('none');
    expect(images.every(({ image }) => known.has(String(image.bytes)))).toBe(true);
    const counts = [0, 1, 2].map((c) => images.filter(({ labels }) => labels[0]?.label === c).length);
    expect(Math.min(...counts)).toBeGreaterThan(4); // the training images have 8, 4 and 2
    expect(images.every(({ labels }) => labels.length === 1 && labels[0]?.share === 1)).toBe(true);
  });

  it('are augmented, and have the shares of what is mixed into them', () => {
    const plain = seen('none').map(({ image }) => String(image.bytes));
    expect(seen('cutout(4)').map(({ image }) => String(image.bytes))).not.toEqual(plain);
    const mixed = seen('mixup(1)');
    for (const { labels } of mixed) {
      expect(labels.length).toBeGreaterThan(0);
      expect(labels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    }
    expect(mixed.some(({ labels }) => labels.length === 2)).toBe(true);
    expect(seen('mixup(1)', { mixRate: 0 }).map(({ image }) => String(image.bytes))).toEqual(plain);
  });

  it('change nothing of the run that they are from', async () => {
    const bytesAfter = async (look: boolean) => {
      const live = tinyRun(tinyPlan({ epochs: 1 }).phases);
      for await (const event of live) if (look && event.type === 'step') live.seen(4);
      const bytes = Buffer.concat(live.snapshot().bytes);
      if (look) expect(live.multiplyAdds()).toBeGreaterThan(1000);
      live.dispose();
      return bytes;
    };
    expect((await bytesAfter(true)).equals(await bytesAfter(false))).toBe(true);
  });
});
