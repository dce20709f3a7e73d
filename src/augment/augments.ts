import { ofNumbers, parseLabels, registry, spell } from '../label/index.js';
import type { Augment } from './augment.js';
import { cmo } from './cmo.js';
import { crop } from './crop.js';
import { cutmix } from './cutmix.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';
import { mixup } from './mixup.js';
import { remix } from './remix.js';
import { trivial } from './trivial.js';

/** Every augmentation that has a spelling. */
export const augments = registry<Augment>('augmentation', {
  crop: ofNumbers('crop(pad)', crop),
  flip: ofNumbers('flip', flip),
  cutout: ofNumbers('cutout(size)', cutout),
  trivial: ofNumbers('trivial', trivial),
  mixup: ofNumbers('mixup(alpha)', mixup),
  remix: ofNumbers('remix(alpha, kappa, tau)', remix),
  cutmix: ofNumbers('cutmix(alpha, p)', cutmix),
  cmo: ofNumbers('cmo(alpha, p)', cmo),
});

const labelOf = (parts: readonly Augment[]): string => parts.map(({ label }) => label).join(' + ') || 'none';

/** Throws a RangeError when two of them mix images: the second would find several labels per image. Returns them. */
const requireOneMixer = (parts: readonly Augment[]): readonly Augment[] => {
  const mixers = parts.filter(({ mixes }) => mixes);
  if (mixers.length > 1)
    throw new RangeError(
      `Cannot use augmentation "${labelOf(parts)}": only one may mix images, got ${mixers.length} ` +
        `(${mixers.map(({ label }) => label).join(', ')}); leave out all but one`,
    );
  return parts;
};

/**
 * The augmentation that a text such as `crop(4) + flip + mixup(1)` or `none` stands for: all of them in order, first
 * those of bytes, then those of tensors. Throws a RangeError that says what was expected.
 */
export const parseAugment = (text: string): Augment => {
  const parts = requireOneMixer(augments.readList(text));
  return {
    label: labelOf(parts),
    mixes: parts.some(({ mixes }) => mixes),
    relabels: parts.some(({ relabels }) => relabels),
    partner: parts.find(({ partner }) => partner !== undefined)?.partner,
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

/**
 * A label with a cutout of `size` pixels: after what changes single images, before what mixes them, so that each image
 * has a hole of its own.
 */
export const withCutout = (text: string, size: number): string => {
  const parts = parseLabels(text, augments).map(spell);
  const mixer = parts.findIndex((part) => part !== USUAL && augments.readList(part).some(({ mixes }) => mixes));
  return parts.toSpliced(mixer < 0 ? parts.length : mixer, 0, `cutout(${size})`).join(' + ');
};

/** Whether a label leaves room for another's cutout: it has the usual augmentation, and no cutout of its own. */
export const takesCutout = (text: string): boolean => {
  const names = parseLabels(text, augments).map(({ name }) => name);
  return names.includes(USUAL) && !names.includes('cutout');
};

/** A label with the data set's usual augmentation for `default`, and without flips where `flip` is false. */
export const expandAugment = (
  text: string,
  { usual, flip = true }: { usual: string; flip?: boolean | undefined },
): string =>
  labelOf(
    requireOneMixer(
      parseLabels(text, augments)
        .flatMap((label) => augments.readList(spell(label) === USUAL ? usual : spell(label)))
        .filter(({ label }) => flip || label !== 'flip'),
    ),
  );
