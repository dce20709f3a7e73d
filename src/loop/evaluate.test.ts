import { describe, expect, it } from 'vitest';
import { tinyDataset, tinyPlan, tinyRun } from '../../test/support/tiny.js';
import type { Model } from '../net/index.js';
import { ParameterStore } from '../nn/index.js';
import { type Tensor, tensor } from '../tensor/index.js';
import { type Epoch, evaluate } from './index.js';

const dataset = tinyDataset();
const MIXINGS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map((mixing) => ({ mixing }));

/** A network that calls every image class 2m, and counts how often it is run. */
const rigged = () => {
  let passes = 0;
  const always = (images: Tensor, answer: number): Tensor =>
    tensor(Array.from({ length: images.shape[0] ?? 0 }, () => [0, 1, 2].map((c) => (c === answer ? 1 : 0))));
  const model: Model = {
    store: new ParameterStore(),
    settings: MIXINGS,
    answers: (images, _, at = MIXINGS) => {
      passes++;
      return at.map((knobs) => ({ at: knobs, logits: always(images, Math.round(2 * (knobs['mixing'] ?? 0))) }));
    },
    dispose: () => {},
  };
  return { model, passes: () => passes };
};

const end = async <T, R>(steps: AsyncGenerator<T, R>): Promise<R> => {
  let next = await steps.next();
  while (!next.done) next = await steps.next();
  return next.value;
};

describe('evaluating at several mixings', () => {
  it('runs the network once per batch, on both splits', async () => {
    const { model, passes } = rigged();
    await end(evaluate(model, { dataset, batchSize: 4 }));
    expect(passes()).toBe(Math.ceil(6 / 4) + Math.ceil(6 / 4));
  });

  it('reports the mixing that is best on validation, on the test split', async () => {
    // Class 2 is on validation alone: a mixing chosen on the test split would be another.
    const test = { ...dataset.test, labels: Uint16Array.from([0, 0, 0, 1, 1, 1]) };
    const valid = { ...dataset.valid, labels: Uint16Array.from([2, 2, 2, 2, 2, 2]) };
    const found = await end(evaluate(rigged().model, { dataset: { ...dataset, test, valid }, batchSize: 4 }));
    expect(found.at).toEqual({ mixing: 0.8 }); // the smallest of 0.8, 0.9, 1 that round to class 2
    expect(found.accuracy).toBe(0);
    expect(found.answers?.test.find(({ at }) => at['mixing'] === 0)?.accuracy).toBe(0.5);
    expect(found.answers?.valid.map(({ at }) => at)).toEqual(MIXINGS);
  });

  it('under a prior that is asked for reports the mixing that does best under it', async () => {
    const prior = { name: 'mine', prior: [0.3, 0.3, 0.4] };
    const options = { dataset, batchSize: 4, assumes: () => [1, 1, 1] };
    expect((await end(evaluate(rigged().model, options))).at).toEqual({ mixing: 0 });
    expect((await end(evaluate(rigged().model, { ...options, prior }))).at).toEqual({ mixing: 0.8 });
  });

  it('says nothing of priors where the network has none that is known, and adjusts to none', async () => {
    const options = { dataset, batchSize: 4, assumes: () => undefined };
    expect((await end(evaluate(rigged().model, options))).priors).toBeUndefined();
    const prior = { name: 'uniform', prior: [1 / 3, 1 / 3, 1 / 3] };
    await expect(end(evaluate(rigged().model, { ...options, prior }))).rejects.toThrow(
      /^Cannot adjust logits to a prior: it must be known which prior they assume/,
    );
  });

  it('takes one mixing as it is asked for, and looks at the test images alone', async () => {
    const { model, passes } = rigged();
    const found = await end(evaluate(model, { dataset, batchSize: 100, at: [{ mixing: 0.5 }] }));
    expect(found).toMatchObject({ at: { mixing: 0.5 }, answers: null, perClassAccuracy: [0, 1, 0], accuracy: 2 / 6 });
    expect(found.ranks).toEqual({ head: 0, middle: 1, tail: 0 });
    expect(passes()).toBe(1);
  });

  it('takes the first mixing where no image validates', async () => {
    const { model, passes } = rigged();
    const { channels, height, width } = dataset.valid;
    const valid = { images: new Uint8Array(), labels: new Uint16Array(), channels, height, width };
    const found = await end(evaluate(model, { dataset: { ...dataset, valid }, batchSize: 100 }));
    expect([found.at, passes()]).toEqual([{ mixing: 0 }, 1]);
  });

  it('refuses to be asked at none', async () => {
    await expect(end(evaluate(rigged().model, { dataset, batchSize: 100, at: [] }))).rejects.toThrow(
      'Cannot evaluate: there must be at least 1 setting, got none',
    );
  });

  it('is the same as what the last epoch found on validation, and null for one branch', async () => {
    for (const name of ['hls', 'darts']) {
      const live = tinyRun(tinyPlan({ epochs: 1, channels: 2, nodes: 1 }, name).phases);
      const records: Epoch[] = [];
      for await (const event of live) if (event.type === 'epoch') records.push(event.record);
      const found = await end(live.evaluate());
      live.dispose();
      expect(found.answers?.valid ?? null).toEqual(records[0]?.answers);
      if (name === 'darts') expect(found).toMatchObject({ at: {}, answers: null });
      else expect(records[0]?.validAccuracy).toBe(found.answers?.valid[0]?.accuracy);
    }
  });
});
