import type { ImageBytes, ImageSet } from '../data/index.js';
import { softmax, type Tensor } from '../tensor/index.js';

/** A test image that was taken for another class, for people to look at. */
export interface Mistaken {
  /** Position in its set. */
  readonly index: number;
  readonly image: ImageBytes;
  readonly truth: number;
  readonly answer: number;
  /** Of the answer, as the network's logits have it. */
  readonly probability: number;
  /** Of the class that it has. */
  readonly ofTruth: number;
}

/** Collects the most confident mistakes of each class while a set is tested. */
export interface MistakeList {
  /** Takes a batch that starts at image `start` of the set. logits: [batch, classes]; predicted: [batch] */
  add(logits: Tensor, batch: { readonly predicted: readonly number[]; readonly start: number }): void;
  /** Those kept so far, by class, the most confident of each first. */
  all(): Mistaken[];
}

/** A list of the `most` most confident mistakes of each class; it holds views of the set, not copies. */
export const mistakeList = (set: ImageSet, { classes, most }: { classes: number; most: number }): MistakeList => {
  const { images, labels, height, width, channels } = set;
  const size = height * width * channels;
  const kept = Array.from({ length: classes }, (): Mistaken[] => []);
  return {
    add: (logits, { predicted, start }) => {
      const wrong = [...predicted.keys()].filter((i) => predicted[i] !== labels[start + i]);
      if (most === 0 || wrong.length === 0) return;
      const probabilities = softmax(logits, { dim: 1 }).toArray();
      for (const i of wrong) {
        const index = start + i;
        const [truth, answer] = [labels[index] ?? 0, predicted[i] ?? 0];
        const own = kept[truth] ?? [];
        const probability = probabilities[i * classes + answer] ?? 0;
        if (own.length >= most && probability <= (own.at(-1)?.probability ?? 0)) continue;
        const image = { bytes: images.subarray(index * size, (index + 1) * size), height, width, channels };
        const ofTruth = probabilities[i * classes + truth] ?? 0;
        own.push({ index, image, truth, answer, probability, ofTruth });
        own.sort((a, b) => b.probability - a.probability);
        own.splice(most);
      }
    },
    all: () => kept.flat(),
  };
};
