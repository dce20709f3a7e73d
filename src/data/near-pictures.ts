import { printable } from '../label/index.js';
import type { NameOf } from './same-pictures.js';
import type { ImageSet } from './source.js';

type Sets = Readonly<Record<'train' | 'valid' | 'test', ImageSet>>;
type SetName = keyof Sets;

/** Two images that look alike without being equal. */
export interface NearPair {
  /** Files, or places in their sets: the one that is trained or validated on first. */
  readonly files: readonly [string, string];
  readonly sets: readonly [SetName, SetName];
  /** Whether the two have different labels. */
  readonly twoLabels: boolean;
  /** Mean difference of their pixels, 0 to 255, at the size of the network. */
  readonly difference: number;
}

/** Bits of the hash: 8 rows of 8 comparisons of neighbours in a grey image of 9 × 8 means. */
const [COLUMNS, ROWS] = [9, 8];
/** Images alike differ in at most so many bits; of more words than that one is then equal. */
const MOST_BITS = 7;
const WORDS = 8;
const WORD_BITS = 8;
/** And in their pixels by no more than this in the mean. */
const MOST_DIFFERENCE = 20;

/** Means of a grey image over `COLUMNS` × `ROWS` boxes. bytes: [height, width, channels] */
const boxes = (bytes: Uint8Array, { height, width, channels }: ImageSet): Float64Array => {
  const sums = new Float64Array(COLUMNS * ROWS);
  const counts = new Float64Array(COLUMNS * ROWS);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * ROWS) / height);
    for (let x = 0; x < width; x++) {
      const at = row * COLUMNS + Math.floor((x * COLUMNS) / width);
      const pixel = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) sums[at] = (sums[at] ?? 0) + (bytes[pixel + c] ?? 0);
      counts[at] = (counts[at] ?? 0) + channels;
    }
  }
  return sums.map((sum, i) => sum / Math.max(1, counts[i] ?? 1));
};

/** The difference hash of an image (dHash, Krawetz 2013), as 8 words: is each mean above its left neighbour's? */
const hashOf = (bytes: Uint8Array, set: ImageSet): Uint8Array => {
  const means = boxes(bytes, set);
  const words = new Uint8Array(WORDS);
  for (let bit = 0; bit < WORD_BITS * WORDS; bit++) {
    const at = Math.floor(bit / (COLUMNS - 1)) * COLUMNS + (bit % (COLUMNS - 1));
    if ((means[at + 1] ?? 0) > (means[at] ?? 0)) words[bit >> 3] = (words[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return words;
};

const BITS = Uint8Array.from({ length: 2 ** WORD_BITS }, (_, word) => word.toString(2).replaceAll('0', '').length);

const distance = (a: Uint8Array, b: Uint8Array): number => {
  let bits = 0;
  for (let i = 0; i < WORDS; i++) bits += BITS[(a[i] ?? 0) ^ (b[i] ?? 0)] ?? 0;
  return bits;
};

const differenceOf = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / Math.max(1, a.length);

interface Image {
  readonly set: SetName;
  readonly place: number;
  readonly label: number;
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

const every = (sets: Sets): Image[] =>
  (['train', 'valid', 'test'] as const).flatMap((set) => {
    const { images, labels, height, width, channels } = sets[set];
    const size = height * width * channels;
    return Array.from(labels, (label, place) => {
      const bytes = images.subarray(place * size, (place + 1) * size);
      return { set, place, label, bytes, hash: hashOf(bytes, sets[set]) };
    });
  });

const count = (n: number): string => `${n.toLocaleString('en-US')} ${n === 1 ? 'pair' : 'pairs'}`;

/**
 * Looks for pictures that are nearly equal, such as two copies of one photo in different quality, in different parts or
 * under different labels: by a perceptual hash of at most 7 differing bits of 64, and then by their pixels. Equal ones
 * are not among them (`samePictures`), nor are images without contrast. Returns all pairs, and sentences for people.
 */
export const nearPictures = (
  sets: Sets,
  { nameOf }: { nameOf: NameOf },
): { pairs: readonly NearPair[]; texts: string[] } => {
  const pairs: NearPair[] = [];
  const buckets = new Map<number, Image[]>();
  for (const image of every(sets)) {
    const compared = new Set<Image>();
    for (const [i, word] of image.hash.entries()) {
      const key = i * 2 ** WORD_BITS + word;
      const bucket = buckets.get(key) ?? [];
      for (const other of bucket) {
        if (compared.has(other) || (other.set === image.set && other.label === image.label)) continue;
        compared.add(other);
        if (distance(other.hash, image.hash) > MOST_BITS) continue;
        const difference = differenceOf(other.bytes, image.bytes);
        if (difference === 0 || difference > MOST_DIFFERENCE) continue;
        pairs.push({
          files: [nameOf(other.set, other.place), nameOf(image.set, image.place)],
          sets: [other.set, image.set],
          twoLabels: other.label !== image.label,
          difference: Math.round(100 * difference) / 100,
        });
      }
      // What has no contrast is like too much.
      if (!image.hash.some((w) => w !== 0)) continue;
      if (bucket.length === 0) buckets.set(key, bucket);
      bucket.push(image);
    }
  }
  pairs.sort((a, b) => a.difference - b.difference);
  const such = (of: readonly NearPair[]): string => (of[0]?.files ?? []).map((name) => printable(name)).join(' and ');
  const across = pairs.filter(({ sets: [one, other] }) => one !== other);
  const labelled = pairs.filter(({ twoLabels }) => twoLabels);
  return {
    pairs,
    texts: [
      ...(across.length === 0
        ? []
        : [
            `${count(across.length)} of nearly equal images in different parts (${such(across)}): ` +
              'see near-duplicates.json',
          ]),
      ...(labelled.length === 0
        ? []
        : [`${count(labelled.length)} of nearly equal images under two classes (${such(labelled)})`]),
      ...(pairs.length === 0 ? ['no nearly equal images in different parts or under two classes'] : []),
    ],
  };
};
