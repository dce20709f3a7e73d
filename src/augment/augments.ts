import { ofNumbers, parseLabels, registry, spell } from '../label/index.js';
import type { Augment } from './augment.js';
import { crop } from './crop.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';

/** Every augmentation that has a spelling. */
export const augments = registry<Augment>('augmentation', {
  crop: ofNumbers('crop(pad)', crop),
  flip: ofNumbers('flip', flip),
  cutout: ofNumbers('cutout(size)', cutout),
});

const labelOf = (parts: readonly Augment[]): string => parts.map(({ label }) => label).join(' + ') || 'none';

/**
 * The augmentation that a text such as `crop(4) + flip + cutout(16)` or `none` stands for: all of them in order, first
 * those of bytes, then those of tensors. Throws a RangeError that says what was expected.
 */
export const parseAugment = (text: string): Augment => {
  const parts = augments.readList(text);
  return {
    label: labelOf(parts),
    check: (data) => {
      for (const part of parts) part.check?.(data);
    },
    bytes: (image, rng) => {
      for (const part of parts) part.bytes?.(image, rng);
    },
    tensors: (batch, rng, pass) => parts.reduce((done, part) => part.tensors?.(done, rng, pass) ?? done, batch),
  };
};

const USUAL = 'default';

/** A label with the data set's usual augmentation for `default`, and without flips where `flip` is false. */
export const expandAugment = (
  text: string,
  { usual, flip = true }: { usual: string; flip?: boolean | undefined },
): string =>
  labelOf(
    parseLabels(text, augments)
      .flatMap((label) => augments.readList(spell(label) === USUAL ? usual : spell(label)))
      .filter(({ label }) => flip || label !== 'flip'),
  );
