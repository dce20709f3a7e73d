import { createHash } from 'node:crypto';
import { printable } from '../label/index.js';
import type { ImageSet } from './source.js';

/** What is to be noticed of pictures, going by their decoded pixels: which are there twice where they should not be. */
export interface SamePictures {
  /** Test images that are among those to train on or to validate on. */
  readonly testInTrain: number;
  /** Validation images that are. */
  readonly validInTrain: number;
  /** Pictures with two labels, in any parts. */
  readonly twoLabels: number;
  /** Images of one colour, which are compared with none. */
  readonly blank: number;
  /** Images without colour, where others have some. */
  readonly grey: number;
}

type Sets = Readonly<Record<'train' | 'valid' | 'test', ImageSet>>;

const isBlank = (bytes: Uint8Array, channels: number): boolean => {
  for (let i = channels; i < bytes.length; i++) if (bytes[i] !== bytes[i - channels]) return false;
  return true;
};

const isGrey = (bytes: Uint8Array): boolean => {
  for (let i = 0; i < bytes.length; i += 3) if (bytes[i] !== bytes[i + 1] || bytes[i] !== bytes[i + 2]) return false;
  return true;
};

/** How an image is named: by its file where it has one. */
export type NameOf = (set: keyof Sets, place: number) => string;

interface Seen {
  readonly set: keyof Sets;
  readonly place: number;
  readonly label: number;
  conflict: boolean;
}

/** Which images are equal to an earlier one, of those added by a key that equal images share. */
const tally = () => {
  const seen = new Map<string, Seen>();
  const counts = { testInTrain: 0, validInTrain: 0, twoLabels: 0 };
  const pairs: Partial<Record<keyof typeof counts, [Seen, Seen]>> = {};
  const add = (key: string, { set, place, label }: Omit<Seen, 'conflict'>): void => {
    const own = { set, place, label, conflict: false };
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, own);
      return;
    }
    const kinds: (keyof typeof counts)[] = [];
    if (set === 'test' && first.set !== 'test') kinds.push('testInTrain');
    if (set === 'valid' && first.set === 'train') kinds.push('validInTrain');
    if (first.label !== label && !first.conflict) {
      first.conflict = true;
      kinds.push('twoLabels');
    }
    for (const kind of kinds) {
      counts[kind]++;
      pairs[kind] ??= [first, own];
    }
  };
  const texts = ({ nameOf, by }: { nameOf: NameOf; by: 'pixel' | 'byte' }): string[] => {
    const such = (kind: keyof typeof counts): string =>
      (pairs[kind] ?? []).map(({ set, place }) => printable(nameOf(set, place))).join(' and ');
    const { testInTrain, validInTrain, twoLabels } = counts;
    const found = (n: number, text: () => string): string[] => (n === 0 ? [] : [`${images(n)} ${text()}`]);
    const alike = `${by} by ${by}`;
    return [
      ...found(
        testInTrain,
        () =>
          `of the test ${testInTrain === 1 ? 'is' : 'are'} among those trained or validated on, ${alike} ` +
          `(${such('testInTrain')}): they make the test result too good`,
      ),
      ...found(
        validInTrain,
        () =>
          `of the validation ${validInTrain === 1 ? 'is' : 'are'} among those trained on, ${alike} ` +
          `(${such('validInTrain')})`,
      ),
      ...found(
        twoLabels,
        () =>
          `${twoLabels === 1 ? 'stands' : 'stand'} under two classes (${such('twoLabels')}): one of the two is wrong`,
      ),
    ];
  };
  return { counts, add, texts };
};

const images = (n: number): string => `${n.toLocaleString('en-US')} ${n === 1 ? 'image' : 'images'}`;

const pixelsKey = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64');

/**
 * Looks for equal pictures in different parts or under different labels, by SHA-1 of their pixels at the size of the
 * network, with sentences for people. Images of one colour are counted, not compared: many may be equal by chance.
 */
export const samePictures = (sets: Sets, { nameOf }: { nameOf: NameOf }): { found: SamePictures; texts: string[] } => {
  const same = tally();
  let [all, blank, grey] = [0, 0, 0];
  for (const set of ['train', 'valid', 'test'] as const) {
    const { images: pixels, labels, height, width, channels } = sets[set];
    const size = height * width * channels;
    for (const [place, label] of labels.entries()) {
      const bytes = pixels.subarray(place * size, (place + 1) * size);
      all++;
      if (channels === 3 && isGrey(bytes)) grey++;
      if (isBlank(bytes, channels)) blank++;
      else same.add(pixelsKey(bytes), { set, place, label });
    }
  }
  if (grey === all) grey = 0;
  const texts = [
    ...same.texts({ nameOf, by: 'pixel' }),
    ...(blank === 0
      ? []
      : [`${images(blank)} ${blank === 1 ? 'is' : 'are'} of one colour only: there is nothing to see`]),
    ...(grey === 0
      ? []
      : [`${images(grey)} of ${images(all)} ${grey === 1 ? 'is' : 'are'} grey: three equal channels`]),
  ];
  return { found: { ...same.counts, blank, grey }, texts };
};

/** What an image is made of before it is decoded. */
export interface Content {
  /** Bytes: contents of different sizes are not compared any further. */
  readonly size: number;
  /** The same exactly where the bytes are; undefined where they cannot be read. */
  key(): Promise<string | undefined>;
}

/** The pixels of some images in memory; none of images of one colour, which may be equal by chance. */
export const pixelContents = (
  { images: pixels, height, width, channels }: ImageSet,
  indices: Uint32Array,
): (Content | undefined)[] => {
  const size = height * width * channels;
  return Array.from(indices, (index) => {
    const bytes = pixels.subarray(index * size, (index + 1) * size);
    return isBlank(bytes, channels) ? undefined : { size, key: async () => pixelsKey(bytes) };
  });
};

/** An image of which only its bytes are known. */
export interface Undecoded {
  readonly name: string;
  readonly label: number;
  readonly content: Content | undefined;
}

/** Files that are in memory at once. */
const AT_ONCE = 8;

/** Looks for equal images as `samePictures` does, before any is decoded: by their bytes, of those of equal size. */
export const sameContents = async (sets: Readonly<Record<keyof Sets, readonly Undecoded[]>>): Promise<string[]> => {
  const sizes = new Map<number, number>();
  for (const { content } of Object.values(sets).flat())
    if (content) sizes.set(content.size, (sizes.get(content.size) ?? 0) + 1);
  const compared = (['train', 'valid', 'test'] as const).flatMap((set) =>
    sets[set].flatMap(({ label, content }, place) =>
      content === undefined || sizes.get(content.size) === 1 ? [] : [{ set, place, label, content }],
    ),
  );
  const same = tally();
  for (let at = 0; at < compared.length; at += AT_ONCE) {
    const some = compared.slice(at, at + AT_ONCE);
    const keys = await Promise.all(some.map(({ content }) => content.key()));
    for (const [i, { set, place, label }] of some.entries()) {
      const key = keys[i];
      if (key !== undefined) same.add(key, { set, place, label });
    }
  }
  return same.texts({ nameOf: (set, place) => sets[set][place]?.name ?? '', by: 'byte' });
};
