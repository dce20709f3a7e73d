import { describe, expect, it } from 'vitest';
import { tinyDataset, tinyRecipe } from '../../test/support/tiny.js';
import { heterogeneous, type SearchNet, singleBranch } from '../method/index.js';
import { ParameterStore } from '../nn/index.js';
import { parabolicDecay } from '../schedule/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import { type Epoch, evaluate, MIXINGS, search } from './index.js';

const dataset = tinyDataset();

/** A network that calls every image class 2m, and counts how often it is run. */
const rigged = () => {
  let passes = 0;
  const always = (images: Tensor, answer: number): Tensor =>
    tensor(Array.from({ length: images.shape[0] ?? 0 }, () => [0, 1, 2].map((c) => (c === answer ? 1 : 0))));
  const net: Pick<SearchNet, 'logits' | 'mixed' | 'store'> = {
    store: new ParameterStore(),
    logits: (images) => always(images, 0),
    mixed: (images, mixings) => {
      passes++;
      return mixings.map((m) => always(images, Math.round(2 * m)));
    },
  };
  return { net, passes: () => passes };
};

const end = async <T, R>(steps: AsyncGenerator<T, R>): Promise<R> => {
  let next = await steps.next();
  while (!next.done) next = await steps.next();
  return next.value;
};

describe('evaluating at several mixings', () => {
  it('runs the network once a batch, on both splits', async () => {
    const { net, passes } = rigged();
    await end(evaluate(net, { dataset, batchSize: 4 }));
    expect(passes()).toBe(Math.ceil(6 / 4) + Math.ceil(6 / 4));
  });

  it('reports the mixing that is best on validation, on the test split', async () => {
    // Class 2 is on validation alone: a mixing chosen on the test split would be another.
    const test = { ...dataset.test, labels: Uint16Array.from([0, 0, 0, 1, 1, 1]) };
    const valid = { ...dataset.valid, labels: Uint16Array.from([2, 2, 2, 2, 2, 2]) };
    const found = await end(evaluate(rigged().net, { dataset: { ...dataset, test, valid }, batchSize: 4 }));
    expect(found.mixing).toBe(0.8); // the smallest of 0.8, 0.9, 1 that round to class 2
    expect(found.accuracy).toBe(0);
    expect(found.sweep?.test.find((s) => s.mixing === 0)?.accuracy).toBe(0.5);
    expect(found.sweep?.valid.map((s) => s.mixing)).toEqual(MIXINGS);
  });

  it('takes one mixing as it is asked for, and looks at the test images alone', async () => {
    const { net, passes } = rigged();
    const found = await end(evaluate(net, { dataset, batchSize: 100, mixings: [0.5] }));
    expect(found).toMatchObject({ mixing: 0.5, sweep: null, perClassAccuracy: [0, 1, 0], accuracy: 2 / 6 });
    expect(found.ranks).toEqual({ head: 0, middle: 1, tail: 0 });
    expect(passes()).toBe(1);
  });

  it('is the same as what the last epoch found on validation, and null for one branch', async () => {
    for (const method of [heterogeneous(parabolicDecay()), singleBranch()]) {
      const s = search({ ...tinyRecipe({ epochs: 1, channels: 2, layers: 2, nodes: 1 }), method }, { dataset });
      const records: Epoch[] = [];
      for await (const event of s) if (event.type === 'epoch') records.push(event.record);
      const found = await end(s.evaluate());
      s.dispose();
      expect(found.sweep?.valid ?? null).toEqual(records[0]?.sweep);
      if (method.mixing === undefined) expect(found).toMatchObject({ mixing: null, sweep: null });
      else expect(records[0]?.validAccuracy).toBe(found.sweep?.valid[0]?.accuracy);
    }
  });
});
