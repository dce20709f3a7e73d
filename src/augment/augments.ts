import { type Entry, numbers, registry } from '../label/index.js';
import type { Augment } from './augment.js';
import { crop } from './crop.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';

const ofPixels = (usage: string, make: (pixels: number) => Augment): Entry<Augment> => ({
  usage,
  make: (args) => {
    const [pixels] = numbers(args, 1) ?? [];
    return pixels === undefined ? undefined : make(pixels);
  },
});

/** Every augmentation that has a spelling. */
export const augments = registry<Augment>('augmentation', {
  crop: ofPixels('crop(pad)', crop),
  flip: { usage: 'flip', make: (args) => (args.length === 0 ? flip() : undefined) },
  cutout: ofPixels('cutout(size)', cutout),
});

const labelOf = (parts: readonly Augment[]): string => parts.map(({ label }) => label).join(' + ') || 'none';

/**
 * The augmentation that a text such as `crop(4) + flip + cutout(16)` or `none` stands for: all of them in order, first those of
 * bytes, then those of tensors. Throws a RangeError that says what was expected.
 */
export const parseAugment = (text: string): Augment => {
  const parts = augments.readList(text);
  return {
    label: labelOf(parts),
    bytes: (image, rng) => {
      for (const part of parts) part.bytes?.(image, rng);
    },
    tensors: (batch, rng, pass) => parts.reduce((done, part) => part.tensors?.(done, rng, pass) ?? done, batch),
  };
};

/** The label of an augmentation that never flips: `crop(4) + flip` → `crop(4)`. */
export const withoutFlip = (text: string): string =>
  labelOf(augments.readList(text).filter(({ label }) => label !== 'flip'));

const USUAL = 'default';

/** An augmentation's label with `default` in it replaced by the data set's usual one, and without flips where `flip` is false. */
export const expandAugment = (
  text: string,
  { usual, flip = true }: { usual: string; flip?: boolean | undefined },
): string => {
  const parts = text.split('+').map((part) => part.trim());
  const whole = parts.flatMap((part) => (part !== USUAL ? [part] : usual === 'none' ? [] : [usual])).join(' + ');
  return flip ? labelOf(augments.readList(whole || 'none')) : withoutFlip(whole || 'none');
};
