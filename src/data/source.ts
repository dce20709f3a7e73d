/** Images in memory, ready to be cut into batches. */
export interface ImageSet {
  images: Uint8Array; // [n, height, width, channels]
  labels: Uint16Array; // [n]
  height: number;
  width: number;
  channels: number;
}

/** Random crop after zero padding by `pad` pixels, and whether to mirror half of the images. */
export interface Augment {
  pad: number;
  flip: boolean;
}

/** Tells how far a slow step is; `total` is undefined where a server does not say. */
export type Progress = (event: { action: 'download' | 'load'; done: number; total: number | undefined }) => void;

export type Part = 'train' | 'test';

export interface Loaded extends ImageSet {
  skipped: string[]; // files that could not be read
  kept: Uint32Array; // positions in the asked indices of the images that are here
}

/** A data set as it lies on disk: all labels are known, and only chosen images are decoded. */
export interface Source {
  readonly name: string;
  readonly classes: readonly string[];
  readonly trainLabels: Uint16Array;
  readonly testLabels: Uint16Array;
  readonly imageSize: number; // images are square
  readonly channels: 1 | 3;
  readonly augment: Augment;
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] }; // in 0..1 units
  load(part: Part, indices: Uint32Array, onProgress?: Progress): Promise<Loaded>;
}

/** Makes a source of images that are already in memory (CIFAR, IDX). */
export function arraySource(
  { train, test }: Record<Part, ImageSet>,
  about: Pick<Source, 'name' | 'classes' | 'imageSize' | 'channels' | 'augment' | 'normalize'>,
): Source {
  const parts = { train, test };
  return {
    ...about,
    trainLabels: train.labels,
    testLabels: test.labels,
    load: async (part, indices) => gather(parts[part], indices),
  };
}

function gather(set: ImageSet, indices: Uint32Array): Loaded {
  const size = set.height * set.width * set.channels;
  const images = new Uint8Array(indices.length * size);
  const labels = new Uint16Array(indices.length);
  for (const [position, index] of indices.entries()) {
    images.set(set.images.subarray(index * size, (index + 1) * size), position * size);
    labels[position] = set.labels[index] ?? 0;
  }
  return { ...set, images, labels, skipped: [], kept: Uint32Array.from(indices.keys()) };
}

/** How many images each class has. */
export function countLabels(labels: Uint16Array, classes: number): number[] {
  const counts = Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
