import { batchToTensors, parseAugment } from '../augment/index.js';
import { type Dataset, type ImageBytes, stream } from '../data/index.js';
import type { Model } from '../net/index.js';
import type { Knobs } from '../nn/index.js';
import { noGrad, scope, Tensor } from '../tensor/index.js';

/** A training image as a network gets it: augmented and, with an augmentation that mixes, of several classes. */
export interface Seen {
  readonly image: ImageBytes;
  readonly labels: readonly { readonly label: number; readonly share: number }[];
}

/** What training images are taken from, and how they are changed. */
export interface SeenOptions {
  /** As a label: `crop(4) + flip`. */
  readonly augment: string;
  readonly store: Pick<Model['store'], 'dtype' | 'device'>;
  readonly seed: number;
  /** Of an epoch: an augmentation may depend on them. */
  readonly knobs: Knobs;
  readonly count: number;
}

/**
 * `count` training images as a network gets them, back as bytes for people to look at. Classes are drawn equally often,
 * so that small ones are seen. Random numbers are its own: nothing of a run under way changes.
 */
export const seenImages = (
  { train, classes, counts, mean, std }: Dataset,
  { augment: label, store: { dtype, device }, seed, knobs, count }: SeenOptions,
): Seen[] => {
  const augment = parseAugment(label);
  const drawn = stream(train, {
    sampling: 'class',
    batchSize: count,
    classes: classes.length,
    augment,
    seed,
    name: 'pictures',
  });
  const { height, width, channels } = train;
  const toTensors = batchToTensors({ ...train, mean, std }, { dtype, device, augment, counts: counts.train });
  return scope(() =>
    noGrad(() => {
      const { images, targets } = toTensors(drawn.next(), { training: true, knobs });
      const values = images.toArray(); // [count, channels, height, width]
      const pixels = height * width;
      const labels = targets.map(({ labels: of, share }) => {
        const shares = share instanceof Tensor ? share.toArray() : undefined;
        return of
          .toArray()
          .map((one, i) => ({ label: one, share: shares?.[i] ?? (share instanceof Tensor ? 0 : share) }));
      });
      return Array.from({ length: count }, (_, i): Seen => {
        const bytes = new Uint8Array(pixels * channels);
        for (let c = 0; c < channels; c++)
          for (let p = 0; p < pixels; p++) {
            const value = (values[(i * channels + c) * pixels + p] ?? 0) * (std[c] ?? 1) + (mean[c] ?? 0);
            bytes[p * channels + c] = Math.min(255, Math.max(0, Math.round(255 * value)));
          }
        const own = labels.flatMap((of) => of[i] ?? []).filter(({ share }) => share > 0);
        return { image: { bytes, height, width, channels }, labels: own };
      });
    }),
  );
};
