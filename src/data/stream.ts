import { z } from 'zod';
import { Rng } from './rng.js';
import { type Sampler, type SamplerState, type Sampling, sampler, samplerState } from './sampler.js';
import type { ImageSet } from './source.js';

/** A batch as bytes; normalising is left to whoever makes tensors. */
export interface Batch {
  /** [batch, height, width, channels] */
  readonly images: Uint8Array;
  /** [batch] */
  readonly labels: Int32Array;
  /** For augmentations of tensors, which draw before the next batch. Absent for images that are tested. */
  readonly rng?: Rng;
  /** Draws a second batch, where the augmentation names a sampling for it. */
  readonly partner?: (() => Batch) | undefined;
}

/** One image of a batch, before normalising. */
export interface ImageBytes extends Pick<ImageSet, 'height' | 'width' | 'channels'> {
  /** [height, width, channels] */
  readonly bytes: Uint8Array;
}

/** What changes the images of a batch at random, in place. The room `augment` has some. */
export interface ByteAugment {
  bytes?(image: ImageBytes, rng: Rng): void;
  /** How the second batch is drawn that it mixes into each; absent where it needs none. */
  readonly partner?: Sampling | undefined;
}

/** The state of a stream in plain JSON. */
export const streamState = z.object({
  sampler: samplerState,
  rng: z.array(z.number()).readonly(),
  /** Of second batches. */
  partner: samplerState.optional(),
});
export type StreamState = Readonly<z.infer<typeof streamState>>;

export interface Stream {
  next(): Batch;
  state(): StreamState;
}

export interface StreamOptions {
  readonly sampling: Sampling;
  readonly batchSize: number;
  readonly classes: number;
  readonly augment?: ByteAugment | undefined;
  readonly seed: number;
  /** Streams of one seed with different names are independent. */
  readonly name: string;
  readonly state?: StreamState | undefined;
}

/** Yields endless batches of a set, sampled and augmented, and continues exactly from a `state`. */
export const stream = (set: ImageSet, options: StreamOptions): Stream => {
  const { sampling, batchSize, classes, augment, seed, name, state } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new Error(`Cannot make batches: the batch size must be an integer >= 1, got ${batchSize}`);
  const draws = (how: Sampling, of: { stream: string; state: SamplerState | undefined }): Sampler =>
    sampler(how, set.labels, { classes, seed, ...of });
  const picks = draws(sampling, { stream: name, state: state?.sampler });
  const second = augment?.partner;
  const partners = second && draws(second, { stream: `${name}/partner`, state: state?.partner });
  const rng = state === undefined ? new Rng(seed, `${name}/augment`) : Rng.from(state.rng);
  const { height, width, channels } = set;
  const size = height * width * channels;
  const batchOf = (chosen: Sampler): Batch => {
    const images = new Uint8Array(batchSize * size);
    const labels = new Int32Array(batchSize);
    for (const [position, index] of chosen.next(batchSize).entries()) {
      const bytes = images.subarray(position * size, (position + 1) * size);
      bytes.set(set.images.subarray(index * size, (index + 1) * size));
      augment?.bytes?.({ bytes, height, width, channels }, rng);
      labels[position] = set.labels[index] ?? 0;
    }
    return { images, labels, rng };
  };
  return {
    next: () => ({ ...batchOf(picks), ...(partners && { partner: () => batchOf(partners) }) }),
    state: () => ({
      sampler: picks.state(),
      rng: rng.state(),
      ...(partners && { partner: partners.state() }),
    }),
  };
};
