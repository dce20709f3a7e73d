import type { Model } from '../net/index.js';
import type { Knobs, TensorBatch } from '../nn/index.js';
import { argmax, crossEntropy, eq, noGrad, scope, sum } from '../tensor/index.js';
import { keepingBuffers } from './arch-gradient.js';

/** How well a network answers, and at equal accuracy how confidently. */
export interface Score {
  readonly accuracy: number;
  /** Mean cross-entropy. */
  readonly loss: number;
}

/**
 * How well a network answers every image of some batches, with the statistics of each batch itself. Of two branches
 * both heads count alike: at either end one of them would decide without being heard. Each sees every image, where the
 * logits of a training step mix those of two images and cannot tell which head is right. Buffers stay as they are.
 * `before` is called before each batch.
 */
export const answering = (
  net: Model,
  batches: readonly TensorBatch[],
  { knobs, before = () => {} }: { knobs: Knobs; before?: () => void },
): Score =>
  scope(() =>
    noGrad(() =>
      keepingBuffers(net.store, () => {
        const middle = Math.floor(net.settings.length / 2);
        const evenly = net.settings.slice(middle, middle + 1);
        let [hits, loss, total] = [0, 0, 0];
        for (const { images, targets } of batches)
          scope(() => {
            before();
            const [answer] = net.answers(images, { training: true, knobs }, evenly);
            const labels = targets[0]?.labels;
            if (answer === undefined || labels === undefined) throw new Error('Cannot score: no answer or label');
            hits += sum(eq(argmax(answer.logits, { dim: 1 }), labels)).item();
            loss += crossEntropy(answer.logits, labels, { reduction: 'sum' }).item();
            total += images.shape[0] ?? 0;
          });
        return { accuracy: hits / total, loss: loss / total };
      }),
    ),
  );
