import { describe, expect, it } from 'vitest';
import { type ImageSet, Rng, stream } from '../data/index.js';
import { scope, type Tensor, tensor } from '../tensor/index.js';
import { augments, expandAugment, parseAugment } from './augments.js';
import { batchToTensors } from './batch-to-tensors.js';
import { cutout } from './cutout.js';

const makeSet = (channels: number): ImageSet => {
  const rng = new Rng(1);
  const [count, height, width] = [12, 5, 6];
  const images = Uint8Array.from({ length: count * height * width * channels }, () => 1 + rng.below(255));
  return { images, labels: Uint16Array.from({ length: count }, (_, i) => i % 3), height, width, channels };
};

/** Crop and flip of one image pixel by pixel: pad with zeros, cut at (down, right) from the middle, mirror. */
const byHand = (
  { images, height, width, channels }: ImageSet,
  { index, down, right, flipped }: { index: number; down: number; right: number; flipped: boolean },
): number[] =>
  Array.from({ length: height * width * channels }, (_, at) => {
    const [y, x, c] = [Math.floor(at / (width * channels)), Math.floor(at / channels) % width, at % channels];
    const row = y + down;
    const column = (flipped ? width - 1 - x : x) + right;
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? (images[((index * height + row) * width + column) * channels + c] ?? -1) : 0;
  });

describe.each([1, 3])('crop and flip of %i channels', (channels) => {
  const set = makeSet(channels);
  const size = 30 * channels;
  it.each([0, 1, 2, 4, 9])('are the padded crop and its mirror, drawn as down, right, flip (pad %i)', (pad) => {
    const augment = parseAugment(`crop(${pad}) + flip`);
    const [rng, again] = [new Rng(pad), new Rng(pad)];
    for (let draw = 0; draw < 300; draw++) {
      const index = draw % 12;
      const bytes = set.images.slice(size * index, size * (index + 1));
      augment.bytes?.({ ...set, bytes }, rng);
      const [down, right] = [again.below(2 * pad + 1) - pad, again.below(2 * pad + 1) - pad];
      expect([...bytes]).toEqual(byHand(set, { index, down, right, flipped: again.below(2) === 1 }));
    }
    expect(rng.state()).toEqual(again.state());
  });
});

describe('cutout', () => {
  const cut = (size: number, { draws = 1, height = 8, width = 10 } = {}): number[][] => {
    const rng = new Rng(7);
    return Array.from({ length: draws }, () =>
      scope(() => {
        const images = tensor(new Float32Array(2 * height * width).fill(3), { shape: [1, 2, height, width] });
        const { images: result } = cutout(size).tensors?.({ images, targets: [] }, rng, {
          training: true,
          knobs: {},
          counts: [],
        }) ?? { images };
        return result.toArray();
      }),
    );
  };

  it('sets one square per image to 0, in all channels, and clips it at the border', () => {
    const again = new Rng(7);
    for (const image of cut(4, { draws: 50 })) {
      const [y, x] = [again.below(8), again.below(10)];
      const expected = Array.from({ length: 160 }, (_, at) => {
        const [row, column] = [Math.floor(at / 10) % 8, at % 10];
        return row >= y - 2 && row < y + 2 && column >= x - 2 && column < x + 2 ? 0 : 3;
      });
      expect(image).toEqual(expected);
    }
  });

  it('covers a quarter to all of its area, for odd sizes too', () => {
    for (const [size, least] of [
      [4, 4],
      [3, 4],
      [1, 1],
    ] as const) {
      const areas = cut(size, { draws: 400 }).map((image) => image.filter((value) => value === 0).length / 2);
      expect([Math.min(...areas), Math.max(...areas)]).toEqual([least, size * size]);
    }
  });

  it('resumes exactly with its stream, and keeps channels innermost', () => {
    const set = makeSet(3);
    const augment = parseAugment('crop(1) + flip + cutout(3)');
    const options = { sampling: 'class', batchSize: 4, classes: 3, augment, seed: 4, name: 'train' } as const;
    const toTensors = batchToTensors({ ...set, mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2] }, { augment });
    const first = stream(set, options);
    const next = (from: typeof first): number[] =>
      scope(() => {
        const { images }: { images: Tensor } = toTensors(from.next());
        expect(images.channelsLast).toBe(true);
        return images.toArray();
      });
    next(first);
    const second = stream(set, { ...options, state: first.state() });
    for (let step = 0; step < 3; step++) expect(next(second)).toEqual(next(first));
  });
});

describe('augmentations that would leave nothing of an image', () => {
  const check = (text: string, imageSize: number) => () =>
    parseAugment(text).check?.({ imageSize, batchSize: 4, counts: [4, 4] });

  it('are refused for images of that size', () => {
    expect(check('flip + cutout(15)', 8)).toThrow(
      'Cannot cut out of images of 8×8: the side must be <= 14, got 15, which leaves nothing of any; half of',
    );
    expect(check('crop(8) + flip', 8)).toThrow('the padding must be less than their size, got 8');
    for (const text of ['cutout(14)', 'crop(7)', 'crop(4) + flip + cutout(8)', 'none'])
      expect(check(text, 8)).not.toThrow();
  });

  it('are those whose square covers the image wherever its centre is', () => {
    const left = (size: number): number =>
      scope(() => {
        const rng = new Rng(3);
        const images = tensor(new Float32Array(200 * 25).fill(1), { shape: [200, 1, 5, 5] });
        const pass = { training: true, knobs: {}, counts: [] };
        const result = cutout(size).tensors?.({ images, targets: [] }, rng, pass) ?? { images };
        return result.images.toArray().reduce((a, b) => a + b);
      });
    expect(left(8)).toBeGreaterThan(0); // 2 · 5 − 2
    expect(left(9)).toBe(0);
    expect(check('cutout(8)', 5)).not.toThrow();
    expect(check('cutout(9)', 5)).toThrow('must be <= 8');
  });
});

describe('labels of augmentations', () => {
  it('are read and spelled as a list, none being the empty one', () => {
    for (const text of ['crop(4) + flip + cutout(16)', 'flip', 'none']) expect(parseAugment(text).label).toBe(text);
    expect(parseAugment(' crop( 4 )+flip').label).toBe('crop(4) + flip');
  });

  it("take in the data set's usual augmentation, and can leave out the flip", () => {
    const expand = (text: string, flip?: boolean, usual = 'crop(4) + flip'): string =>
      expandAugment(text, { usual, flip });
    expect(expand('default')).toBe('crop(4) + flip');
    expect(expand('default + cutout(16)')).toBe('crop(4) + flip + cutout(16)');
    expect(expand('default + cutout(16)', false)).toBe('crop(4) + cutout(16)');
    expect(expand('default', true, 'none')).toBe('none');
    expect(expand('flip', false)).toBe('none');
    expect(expand('none')).toBe('none');
    expect(() => expand('default(3)')).toThrow('unknown augmentation "default"');
  });

  it('are refused with what was expected', () => {
    expect(() => parseAugment('crop(4) + flop')).toThrow(
      'Cannot read augmentation "crop(4) + flop": unknown augmentation "flop": did you mean "flip"?',
    );
    expect(() => parseAugment('crop')).toThrow('it must be written crop(pad)');
    expect(() => parseAugment('crop(4) +')).toThrow('it ends where an augmentation should be');
    expect(() => parseAugment('crop(4) flip')).toThrow('"flip" is not expected');
    expect(() => parseAugment('crop(-1)')).toThrow('the padding must be an integer >= 0, got -1');
    expect(() => parseAugment('cutout(0)')).toThrow('the size must be an integer >= 1, got 0');
    expect(() => augments.read('flip + crop(4)')).toThrow('there must be one, got several');
  });
});
