import { Rng } from './rng.js';
import { type SamplerState, type Sampling, sampler } from './sampler.js';
import type { Augment, ImageSet } from './source.js';

/** A batch as bytes; normalising is left to whoever makes tensors. */
export interface Batch {
  images: Uint8Array; // [batch, height, width, channels]
  labels: Int32Array; // [batch]
}

/** Where a stream stands; plain JSON. */
export interface StreamState {
  sampler: SamplerState;
  rng: number[];
}

export interface Stream {
  next(): Batch;
  state(): StreamState;
}

export interface StreamOptions {
  sampling: Sampling;
  batchSize: number;
  classes: number;
  augment?: Augment | undefined;
  seed: number;
  /** Streams of one seed with different names are independent. */
  name: string;
  state?: StreamState | undefined;
}

/**
 * Gives endless batches of a set, sampled and augmented, and continues exactly from a `state`.
 * As in DARTS the crop pads the raw bytes with 0, before any normalising.
 */
export function stream(set: ImageSet, options: StreamOptions): Stream {
  const { sampling, batchSize, classes, augment = { pad: 0, flip: false }, seed, name, state } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new Error(`Cannot make batches: the batch size must be an integer >= 1, got ${batchSize}`);
  }
  const picks = sampler(sampling, set.labels, { classes, seed, stream: name, state: state?.sampler });
  const rng = state ? Rng.from(state.rng) : new Rng(seed, `${name}/augment`);
  const size = set.height * set.width * set.channels;
  return {
    next() {
      const images = new Uint8Array(batchSize * size);
      const labels = new Int32Array(batchSize);
      for (const [position, index] of picks.next(batchSize).entries()) {
        const image = images.subarray(position * size, (position + 1) * size);
        const down = rng.below(2 * augment.pad + 1) - augment.pad;
        const right = rng.below(2 * augment.pad + 1) - augment.pad;
        copyShifted(set, image, { index, down, right });
        if (augment.flip && rng.below(2) === 1) flip(image, set);
        labels[position] = set.labels[index] ?? 0;
      }
      return { images, labels };
    },
    state: () => ({ sampler: picks.state(), rng: rng.state() }),
  };
}

/** A crop of the padded image is the image moved by (-down, -right), with zeros where nothing came. */
function copyShifted(
  { images, height, width, channels }: ImageSet,
  target: Uint8Array,
  { index, down, right }: { index: number; down: number; right: number },
): void {
  const from = Math.max(0, right);
  const to = Math.min(width, width + right);
  const first = Math.max(0, down);
  const last = Math.min(height, height + down);
  for (let row = first; row < last; row++) {
    const start = (index * height + row) * width;
    const pixels = images.subarray((start + from) * channels, (start + to) * channels);
    target.set(pixels, ((row - down) * width + from - right) * channels);
  }
}

function flip(image: Uint8Array, { height, width, channels }: ImageSet): void {
  for (let row = 0; row < height; row++) {
    let left = row * width * channels;
    let right = left + (width - 1) * channels;
    for (; left < right; left += channels, right -= channels) {
      for (let channel = 0; channel < channels; channel++) {
        const held = image[left + channel] ?? 0;
        image[left + channel] = image[right + channel] ?? 0;
        image[right + channel] = held;
      }
    }
  }
}
