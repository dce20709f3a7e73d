import { setImmediate } from 'node:timers/promises';
import type { Dataset, ImageSet } from '../data/index.js';
import type { SearchNet } from '../method/index.js';
import { argmax, crossEntropy, noGrad, scope } from '../tensor/index.js';
import { batchToTensors } from './batches.js';

/** What one pass over a set comes to. */
export interface Tested {
  /** Mean cross-entropy. */
  readonly loss: number;
  readonly confusion: number[][]; // [true class][predicted class], images
}

/**
 * Tests a network on every image of a set, unaugmented, with the running statistics of its batch norms. Yields how many images are done after
 * each batch, so that the caller can show progress or stop; returns the result.
 */
export async function* test(
  net: Pick<SearchNet, 'logits' | 'store'>,
  set: ImageSet,
  { dataset, batchSize }: { dataset: Dataset; batchSize: number },
): AsyncGenerator<number, Tested> {
  const classes = dataset.classes.length;
  const toTensors = batchToTensors({ ...set, mean: dataset.mean, std: dataset.std }, net.store);
  const size = set.height * set.width * set.channels;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let total = 0;
  for (let start = 0; start < set.labels.length; start += batchSize) {
    const end = Math.min(start + batchSize, set.labels.length);
    const labels = Int32Array.from(set.labels.subarray(start, end));
    net.store.training = false;
    try {
      total += scope(() =>
        noGrad(() => {
          const batch = toTensors({ images: set.images.subarray(start * size, end * size), labels });
          const logits = net.logits(batch.images);
          for (const [i, predicted] of argmax(logits, { dim: 1 }).toArray().entries()) {
            const row = confusion[labels[i] ?? 0];
            if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
          }
          return crossEntropy(logits, batch.labels, { reduction: 'sum' }).item();
        }),
      );
    } finally {
      net.store.training = true;
    }
    yield end;
    await setImmediate();
  }
  return { loss: total / set.labels.length, confusion };
}
