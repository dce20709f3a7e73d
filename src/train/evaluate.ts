import { setImmediate } from 'node:timers/promises';
import type { Dataset, ImageSet } from '../data/index.js';
import type { SearchNet } from '../method/index.js';
import { bestMixing, type Evaluation, rankGroups, type Sweep, scores, shotGroups } from '../run/index.js';
import { argmax, crossEntropy, noGrad, scope } from '../tensor/index.js';
import { batchToTensors } from './batches.js';

/** What one pass over a set comes to. */
export interface Tested {
  /** Mean cross-entropy. */
  readonly loss: number;
  readonly confusion: number[][]; // [true class][predicted class], images
}

/** Test-time mixings of a sweep: 0, 0.1 … 1. */
export const MIXINGS: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10);

/**
 * Tests a network on every image of a set, unaugmented, with the running statistics of its batch norms. Yields how many images are done after
 * each batch, so that the caller can show progress or stop. Returns one result for each of `mixings`, all from one pass through the network; for
 * a network that does not mix, one result.
 */
export async function* test(
  net: Pick<SearchNet, 'logits' | 'mixed' | 'store'>,
  set: ImageSet,
  { dataset, batchSize, mixings }: { dataset: Dataset; batchSize: number; mixings: readonly number[] },
): AsyncGenerator<number, Tested[]> {
  const classes = dataset.classes.length;
  const toTensors = batchToTensors({ ...set, mean: dataset.mean, std: dataset.std }, net.store);
  const size = set.height * set.width * set.channels;
  const fresh = () => ({
    loss: 0,
    confusion: Array.from({ length: classes }, () => new Array<number>(classes).fill(0)),
  });
  const results = (net.mixed === undefined ? [0] : mixings).map(fresh);
  for (let start = 0; start < set.labels.length; start += batchSize) {
    const end = Math.min(start + batchSize, set.labels.length);
    const labels = Int32Array.from(set.labels.subarray(start, end));
    net.store.training = false;
    try {
      scope(() =>
        noGrad(() => {
          const batch = toTensors({ images: set.images.subarray(start * size, end * size), labels });
          const answers = net.mixed?.(batch.images, mixings) ?? [net.logits(batch.images)];
          for (const [k, logits] of answers.entries()) {
            const result = results[k];
            if (result === undefined) continue;
            for (const [i, predicted] of argmax(logits, { dim: 1 }).toArray().entries()) {
              const row = result.confusion[labels[i] ?? 0];
              if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
            }
            result.loss += crossEntropy(logits, batch.labels, { reduction: 'sum' }).item();
          }
        }),
      );
    } finally {
      net.store.training = true;
    }
    yield end;
    await setImmediate();
  }
  return results.map(({ loss, confusion }) => ({ loss: loss / set.labels.length, confusion }));
}

/** The results of `test` at its mixings as records keep them. */
export const sweepOf = (results: readonly Tested[], mixings: readonly number[]): Sweep =>
  results.map(({ loss, confusion }, i) => ({ mixing: mixings[i] ?? 0, loss, ...scores(confusion) }));

/**
 * Tests a network on the test split, and yields how many images are done. A network that mixes is tested at all of `mixings` on the validation split as
 * well; what is reported is the mixing that does best there, by mean per-class accuracy: choosing it on the test split would flatter.
 */
export async function* evaluate(
  net: Pick<SearchNet, 'logits' | 'mixed' | 'store'>,
  { dataset, batchSize, mixings = MIXINGS }: { dataset: Dataset; batchSize: number; mixings?: readonly number[] },
): AsyncGenerator<{ done: number; total: number }, Evaluation> {
  const choose = net.mixed !== undefined && mixings.length > 1;
  const sets = choose ? [dataset.valid, dataset.test] : [dataset.test];
  const total = sets.reduce((sum, set) => sum + set.labels.length, 0);
  let before = 0;
  const passes: Tested[][] = [];
  for (const set of sets) {
    const pass = test(net, set, { dataset, batchSize, mixings });
    let next = await pass.next();
    for (; !next.done; next = await pass.next()) yield { done: before + next.value, total };
    before += set.labels.length;
    passes.push(next.value);
  }
  const tested = passes.at(-1) ?? [];
  const sweep = choose ? { valid: sweepOf(passes[0] ?? [], mixings), test: sweepOf(tested, mixings) } : null;
  const mixing = net.mixed === undefined ? null : sweep === null ? (mixings[0] ?? 0) : bestMixing(sweep.valid).mixing;
  const result = tested[mixing === null ? 0 : mixings.indexOf(mixing)];
  if (result === undefined) throw new RangeError('Cannot evaluate: mixings must hold at least 1 value, got none');
  const { loss, confusion } = result;
  const found = scores(confusion);
  const trainCounts = dataset.counts.train;
  return {
    split: 'test',
    mixing,
    loss,
    ...found,
    confusion,
    shots: shotGroups(found.perClassAccuracy, trainCounts),
    ranks: rankGroups(found.perClassAccuracy, trainCounts),
    sweep,
  };
}
