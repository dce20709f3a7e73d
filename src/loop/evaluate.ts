import { setImmediate } from 'node:timers/promises';
import { batchToTensors } from '../augment/index.js';
import type { Dataset, ImageSet } from '../data/index.js';
import type { Model } from '../net/index.js';
import { type Knobs, testing } from '../nn/index.js';
import { type Answers, bestAnswer, type Evaluation, rankGroups, scores, shotGroups } from '../run/index.js';
import { argmax, crossEntropy, noGrad, scope } from '../tensor/index.js';

/** What one pass over a set comes to, at one setting of the network. */
export interface Tested {
  readonly at: Knobs;
  /** Mean cross-entropy. */
  readonly loss: number;
  readonly confusion: number[][]; // [true class][predicted class], images
}

/** What testing has to know of the data. */
type About = Pick<Dataset, 'classes' | 'mean' | 'std'>;

/**
 * Tests a network on every image of a set, unaugmented, with the running statistics of its batch norms. Yields how many
 * images are done after each batch, so that the caller can show progress or stop. Returns one result for each setting
 * that the network answers at, all from one pass.
 */
export async function* test(
  model: Model,
  set: ImageSet,
  { data, batchSize, at = model.settings }: { data: About; batchSize: number; at?: readonly Knobs[] | undefined },
): AsyncGenerator<number, Tested[]> {
  const classes = data.classes.length;
  const toTensors = batchToTensors({ ...set, mean: data.mean, std: data.std }, model.store);
  const size = set.height * set.width * set.channels;
  const results = at.map((setting) => ({
    at: setting,
    loss: 0,
    confusion: Array.from({ length: classes }, () => new Array<number>(classes).fill(0)),
  }));
  for (let start = 0; start < set.labels.length; start += batchSize) {
    const end = Math.min(start + batchSize, set.labels.length);
    const labels = Int32Array.from(set.labels.subarray(start, end));
    scope(() =>
      noGrad(() => {
        const batch = toTensors({ images: set.images.subarray(start * size, end * size), labels });
        for (const [k, { logits }] of model.answers(batch.images, testing, at).entries()) {
          const result = results[k];
          if (result === undefined) continue;
          for (const [i, predicted] of argmax(logits, { dim: 1 }).toArray().entries()) {
            const row = result.confusion[labels[i] ?? 0];
            if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
          }
          for (const { labels: truth } of batch.targets)
            result.loss += crossEntropy(logits, truth, { reduction: 'sum' }).item();
        }
      }),
    );
    yield end;
    await setImmediate();
  }
  return results.map(({ loss, ...rest }) => ({ ...rest, loss: loss / set.labels.length }));
}

/** The results of `test` as records keep them; null where there is but one. */
export const answersOf = (results: readonly Tested[]): Answers | null =>
  results.length < 2 ? null : results.map(({ at, loss, confusion }) => ({ at, loss, ...scores(confusion) }));

/**
 * Tests a network on the test split, and yields how many images are done. A network that answers at several settings is
 * tested at all of them on the validation split as well; what is reported is the one that does best there, by mean
 * per-class accuracy: choosing it on the test split would flatter. Without validation images it is the first. Throws a
 * RangeError when `at` is empty.
 */
export async function* evaluate(
  model: Model,
  {
    dataset,
    batchSize,
    at = model.settings,
  }: { dataset: Dataset; batchSize: number; at?: readonly Knobs[] | undefined },
): AsyncGenerator<{ done: number; total: number }, Evaluation> {
  const choose = at.length > 1 && dataset.valid.labels.length > 0;
  const sets = choose ? [dataset.valid, dataset.test] : [dataset.test];
  const total = sets.reduce((sum, set) => sum + set.labels.length, 0);
  let before = 0;
  const passes: Tested[][] = [];
  for (const set of sets) {
    const pass = test(model, set, { data: dataset, batchSize, at });
    let next = await pass.next();
    for (; !next.done; next = await pass.next()) yield { done: before + next.value, total };
    before += set.labels.length;
    passes.push(next.value);
  }
  const tested = passes.at(-1) ?? [];
  const [valid, test_] = [answersOf(choose ? (passes[0] ?? []) : []), answersOf(tested)];
  const chosen = valid === null ? 0 : valid.indexOf(bestAnswer(valid));
  const result = tested[chosen];
  if (result === undefined) throw new RangeError('Cannot evaluate: there must be at least 1 setting, got none');
  const { at: setting, loss, confusion } = result;
  const found = scores(confusion);
  const trainCounts = dataset.counts.train;
  return {
    split: 'test',
    at: setting,
    loss,
    ...found,
    confusion,
    shots: shotGroups(found.perClassAccuracy, trainCounts),
    ranks: rankGroups(found.perClassAccuracy, trainCounts),
    answers: valid === null || test_ === null ? null : { valid, test: test_ },
  };
}
