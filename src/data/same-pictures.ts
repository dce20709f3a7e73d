import { createHash } from 'node:crypto';
import { printable } from '../label/index.js';
import type { ImageSet } from './source.js';

/** What is to be noticed of pictures, going by their decoded pixels: which are there twice where they should not be. */
export interface SamePictures {
  /** Test images that are among those to train on or to validate on. */
  readonly testInTrain: number;
  /** Validation images that are. */
  readonly validInTrain: number;
  /** Pictures that stand under two labels, anywhere. */
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

/**
 * Looks for equal pictures in different parts or under different labels, by SHA-1 of their pixels at the size of the
 * network, with sentences for people. Images of one colour are counted, not compared: many may be equal by chance.
 */
export const samePictures = (sets: Sets, { nameOf }: { nameOf: NameOf }): { found: SamePictures; texts: string[] } => {
  interface Seen {
    readonly set: keyof Sets;
    readonly place: number;
    readonly label: number;
    conflict: boolean;
  }
  const seen = new Map<string, Seen>();
  const counts = { testInTrain: 0, validInTrain: 0, twoLabels: 0, blank: 0, grey: 0 };
  let all = 0;
  const pairs: Partial<Record<keyof SamePictures, [Seen, Seen]>> = {};
  for (const set of ['train', 'valid', 'test'] as const) {
    const { images, labels, height, width, channels } = sets[set];
    const size = height * width * channels;
    for (const [place, label] of labels.entries()) {
      const bytes = images.subarray(place * size, (place + 1) * size);
      all++;
      if (channels === 3 && isGrey(bytes)) counts.grey++;
      if (isBlank(bytes, channels)) {
        counts.blank++;
        continue;
      }
      const key = createHash('sha1').update(bytes).digest('base64');
      const own: Seen = { set, place, label, conflict: false };
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, own);
        continue;
      }
      const kinds: (keyof SamePictures)[] = [];
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
    }
  }
  const such = (kind: keyof SamePictures): string => {
    const pair = pairs[kind];
    return pair === undefined ? '' : pair.map(({ set, place }) => printable(nameOf(set, place))).join(' and ');
  };
  const images = (n: number): string => `${n.toLocaleString('en-US')} ${n === 1 ? 'image' : 'images'}`;
  const texts = [
    ...(counts.testInTrain === 0
      ? []
      : [
          `${images(counts.testInTrain)} of the test ${counts.testInTrain === 1 ? 'is' : 'are'} among those trained ` +
            `or validated on, pixel by pixel (${such('testInTrain')}): the test result is too good by them`,
        ]),
    ...(counts.validInTrain === 0
      ? []
      : [
          `${images(counts.validInTrain)} of the validation ${counts.validInTrain === 1 ? 'is' : 'are'} among those ` +
            `trained on, pixel by pixel (${such('validInTrain')})`,
        ]),
    ...(counts.twoLabels === 0
      ? []
      : [
          `${images(counts.twoLabels)} ${counts.twoLabels === 1 ? 'stands' : 'stand'} ` +
            `under two classes (${such('twoLabels')}): one of the two is wrong`,
        ]),
    ...(counts.blank === 0
      ? []
      : [`${images(counts.blank)} ${counts.blank === 1 ? 'is' : 'are'} of one colour only: there is nothing to see`]),
  ];
  if (counts.grey === all) counts.grey = 0;
  if (counts.grey > 0)
    texts.push(
      `${images(counts.grey)} of ${images(all)} ${counts.grey === 1 ? 'is' : 'are'} grey: three equal channels`,
    );
  return { found: counts, texts };
};
