import { expect, it } from 'vitest';
import type { Model } from '../net/index.js';
import { ParameterStore, type TensorBatch } from '../nn/index.js';
import { mul, scope, tensor } from '../tensor/index.js';
import { answering } from './answering.js';

/** Logits of the class that an image of one pixel names, of two heads; `wrong` names another class. */
const rigged = (store: ParameterStore, { wrong }: { wrong: boolean }): Model => ({
  store,
  settings: [0, 0.5, 1].map((mixing) => ({ mixing })),
  answers: (images, _, at = []) =>
    at.map((knobs) => {
      const named = images.toArray();
      const logits = named.flatMap((c) => [0, 1, 2].map((k) => (k === (wrong ? (c + 1) % 3 : c) ? 9 : 0)));
      return { at: knobs, logits: mul(tensor(logits, { shape: [named.length, 3] }), knobs['mixing'] ?? 0) };
    }),
  dispose: () => store.dispose(),
});

it('tells networks whose heads are right from those whose heads are wrong, however images are paired', () => {
  scope(() => {
    const store = new ParameterStore({});
    const batch = (labels: readonly number[]): TensorBatch => ({
      images: tensor(labels, { shape: [labels.length, 1, 1, 1] }),
      targets: [{ labels: tensor(BigInt64Array.from(labels.map(BigInt))), share: 1 }],
    });
    // No image of one batch has the label of its neighbour in the other.
    const batches = [batch([0, 1, 2]), batch([1, 2, 0])];
    const [right, wrong] = [false, true].map((wrong) => answering(rigged(store, { wrong }), batches, { knobs: {} }));
    expect([right?.accuracy, wrong?.accuracy]).toEqual([1, 0]);
    expect(right?.loss).toBeCloseTo(Math.log(1 + 2 * Math.exp(-4.5)), 5);
  });
});
