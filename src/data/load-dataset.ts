import { createHash } from 'node:crypto';
import { byReason, type DataAccount, refuseUnreadable, type Skipped } from './account.js';
import type { About, Counts, Dataset } from './dataset.js';
import { nearPictures } from './near-pictures.js';
import type { Failure } from './reasons.js';
import { samePictures } from './same-pictures.js';
import { countLabels, type DataSource, type ImageSet, type Loaded, type Part, type Progress } from './source.js';

/** Images of one part of a source, by index. */
export interface Chosen {
  readonly part: Part;
  readonly indices: Uint32Array;
  /** Of each class, what takes the place of images that cannot be read, in this order; nothing does unless said. */
  readonly spare?: readonly Uint32Array[] | undefined;
}

/** Each set of a data set, from one part or from several. */
export type ChosenSets = Readonly<Record<keyof Counts, readonly Chosen[]>>;

/** Mean and standard deviation per channel, of pixels in 0…1, from a histogram: exact for any number of pixels. */
const channelStatistics = ({ images, channels }: ImageSet): { mean: number[]; std: number[] } => {
  const histograms = Array.from({ length: channels }, () => new Float64Array(256));
  for (let start = 0; start < images.length; start += channels) {
    for (const [channel, histogram] of histograms.entries()) {
      const value = images[start + channel] ?? 0;
      histogram[value] = (histogram[value] ?? 0) + 1;
    }
  }
  const pixels = images.length / channels;
  const average = (histogram: Float64Array, of: (value: number) => number) =>
    histogram.reduce((sum, count, value) => sum + count * of(value / 255), 0) / pixels;
  const mean = histograms.map((histogram) => average(histogram, (value) => value));
  const variance = histograms.map((histogram, c) => average(histogram, (value) => (value - (mean[c] ?? 0)) ** 2));
  return { mean, std: variance.map((value) => Math.sqrt(value) || 1) }; // a constant channel must not divide by 0
};

const fingerprint = (classes: readonly string[], sets: readonly ImageSet[]): string => {
  const hash = createHash('sha256').update(JSON.stringify(classes));
  for (const { images, labels, height, width, channels } of sets) {
    hash.update(JSON.stringify([labels.length, height, width, channels]));
    hash.update(labels).update(images);
  }
  return hash.digest('hex');
};

/** Images with the places that they have in their source. */
interface Placed extends ImageSet {
  readonly indices: Uint32Array;
}

/** Two sets as one, in the order of their places. */
const merged = (one: Placed, other: Placed): Placed => {
  const { height, width, channels } = one;
  const size = height * width * channels;
  const all = [one, other].flatMap((set) => Array.from(set.indices, (index, at) => ({ set, index, at })));
  all.sort((a, b) => a.index - b.index);
  const images = new Uint8Array(all.length * size);
  for (const [place, { set, at }] of all.entries())
    images.set(set.images.subarray(at * size, (at + 1) * size), place * size);
  const labels = Uint16Array.from(all, ({ set, at }) => set.labels[at] ?? 0);
  return { images, labels, height, width, channels, indices: Uint32Array.from(all, ({ index }) => index) };
};

/** One set behind the other. */
const joined = (sets: readonly Placed[]): ImageSet => {
  const [first] = sets;
  if (first === undefined) throw new Error('Cannot load data: a set must have a source');
  if (sets.length === 1) return first;
  const { height, width, channels } = first;
  return {
    images: Buffer.concat(sets.map(({ images }) => images)),
    labels: Uint16Array.from(sets.flatMap(({ labels }) => [...labels])),
    ...{ height, width, channels },
  };
};

const requireAllClasses = (
  labels: Uint16Array,
  of: { set: string; classes: readonly string[]; lost: number },
): void => {
  const lost = countLabels(labels, of.classes.length).indexOf(0);
  if (lost >= 0)
    throw new Error(
      `Cannot load data: class "${of.classes[lost]}" has no image left in the ${of.set} part ` +
        `(${of.lost} unreadable files skipped); add readable images or remove the class`,
    );
};

/** Loads what was chosen of a source; what cannot be read is replaced by spare images, else left out and listed. */
export const loadDataset = async (
  source: DataSource,
  chosen: ChosenSets,
  {
    about,
    skipCorrupt,
    near = false,
    onProgress,
  }: {
    about: About & { account: DataAccount };
    skipCorrupt: boolean;
    near?: boolean | undefined;
    onProgress?: Progress | undefined;
  },
): Promise<Dataset> => {
  const { classes } = about;
  const total = Object.values(chosen)
    .flat()
    .reduce((sum, { indices }) => sum + indices.length, 0);
  const labelsOf = (part: Part): Uint16Array =>
    part === 'train'
      ? source.trainLabels
      : part === 'test'
        ? source.testLabels
        : (source.validLabels ?? new Uint16Array());
  const skipped: Skipped[] = [];
  const warned: Failure[] = [];
  const used = new Map<Uint32Array, number>(); // of the spare images of a class
  let before = 0;

  const attempt = async (part: Part, indices: Uint32Array): Promise<{ placed: Placed; lost: number[] }> => {
    const start = before;
    const loaded: Loaded = await source.load(part, indices, ({ action, done }) =>
      onProgress?.({ action, done: Math.min(total, start + done), total }),
    );
    before += indices.length;
    const kept = new Set(loaded.kept);
    const lost = [...indices.keys()].filter((place) => !kept.has(place)).map((place) => indices[place] ?? 0);
    skipped.push(
      ...loaded.skipped.map((failure, i) => ({
        ...failure,
        part,
        class: classes[labelsOf(part)[lost[i] ?? 0] ?? 0] ?? '',
      })),
    );
    warned.push(...(loaded.warned ?? []));
    const { images, labels, height, width, channels } = loaded;
    const places = loaded.kept.map((place) => indices[place] ?? 0);
    return { placed: { images, labels, height, width, channels, indices: places }, lost };
  };
  const load = async ({ part, indices, spare = [] }: Chosen): Promise<Placed> => {
    let { placed, lost } = await attempt(part, indices);
    while (skipCorrupt && lost.length > 0) {
      const instead = lost.flatMap((index) => {
        const own = spare[labelsOf(part)[index] ?? 0];
        const next = own?.[used.get(own) ?? 0];
        if (own === undefined || next === undefined) return [];
        used.set(own, (used.get(own) ?? 0) + 1);
        return [next];
      });
      if (instead.length === 0) break;
      const more = await attempt(part, Uint32Array.from(instead).sort());
      placed = merged(placed, more.placed);
      lost = more.lost;
    }
    return placed;
  };

  const names: { part: Part; index: number }[][] = [];
  const loadSet = async (of: readonly Chosen[]): Promise<ImageSet> => {
    const sets: Placed[] = [];
    for (const one of of) sets.push(await load(one));
    names.push(of.flatMap(({ part }, i) => Array.from(sets[i]?.indices ?? [], (index) => ({ part, index }))));
    const { images, labels, height, width, channels } = joined(sets);
    return { images, labels, height, width, channels };
  };
  const train = await loadSet(chosen.train);
  const valid = await loadSet(chosen.valid);
  const test = await loadSet(chosen.test);
  if (!skipCorrupt) refuseUnreadable(skipped, { of: total });
  const sets = { train, valid, test };
  for (const set of ['train', 'valid', 'test'] as const)
    if (chosen[set].some(({ indices }) => indices.length > 0))
      requireAllClasses(sets[set].labels, { set, classes, lost: skipped.length });

  const count = (set: ImageSet): number[] => countLabels(set.labels, classes.length);
  const measured = source.normalize ?? channelStatistics(train);
  const nameOf = (set: keyof Counts, place: number): string => {
    const at = names[['train', 'valid', 'test'].indexOf(set)]?.[place];
    return (at && source.fileOf?.(at.part, at.index)) ?? `${set} image ${at?.index ?? place}`;
  };
  const same = samePictures(sets, { nameOf });
  const alike = near ? nearPictures(sets, { nameOf }) : undefined;
  return {
    ...about,
    counts: { train: count(train), valid: count(valid), test: count(test) },
    train,
    valid,
    test,
    mean: measured.mean,
    std: measured.std,
    fingerprint: fingerprint(classes, [train, valid, test]),
    skipped,
    account: { ...about.account, warned: byReason(warned), same: same.found },
    ...(alike === undefined ? {} : { near: alike.pairs }),
    notes: [...(about.notes ?? []), ...same.texts, ...(alike?.texts ?? [])],
  };
};
