import { describe, expect, it } from 'vitest';
import { samePictures } from './same-pictures.js';

/** Images of 1 × 2 pixels; those of one letter are equal, a dot is of one colour. */
const set = (pictures: string, labels: readonly number[]) => ({
  images: Uint8Array.from([...pictures].flatMap((p) => (p === '.' ? [7, 7] : [p.charCodeAt(0), 0]))),
  labels: Uint16Array.from(labels),
  height: 1,
  width: 2,
  channels: 1,
});
const nameOf = (of: string, place: number) => `${of}/${place}`;

describe('pictures that are there twice', () => {
  it('are counted between parts and under two labels, with the first of them named', () => {
    const sets = {
      train: set('abcd.', [0, 0, 1, 1, 0]),
      valid: set('ae', [0, 1]),
      test: set('bcf.cb', [0, 0, 1, 1, 1, 0]),
    };
    const { found, texts } = samePictures(sets, { nameOf });
    expect(found).toEqual({ testInTrain: 4, validInTrain: 1, twoLabels: 1, blank: 2, grey: 0 });
    expect(texts).toEqual([
      '4 images of the test are among those trained or validated on, pixel by pixel (train/1 and test/0): ' +
        'the test result is too good by them',
      '1 image of the validation is among those trained on, pixel by pixel (train/0 and valid/0)',
      '1 image stands under two classes (train/2 and test/1): one of the two is wrong',
      '2 images are of one colour only: there is nothing to see',
    ]);
  });

  it('in the test are seen among those that validate as well; grey ones are counted beside coloured ones', () => {
    const colour = {
      images: Uint8Array.of(5, 5, 5, 9, 9, 9),
      labels: Uint16Array.of(0),
      height: 1,
      width: 2,
      channels: 3,
    };
    const other = { ...colour, images: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    const { found } = samePictures({ train: other, valid: colour, test: colour }, { nameOf });
    expect(found).toEqual({ testInTrain: 1, validInTrain: 0, twoLabels: 0, blank: 0, grey: 2 });
  });

  it('are not seen where all differ', () => {
    const sets = { train: set('ab', [0, 1]), valid: set('', []), test: set('cd', [0, 1]) };
    expect(samePictures(sets, { nameOf }).texts).toEqual([]);
  });
});
