import { describe, expect, it } from 'vitest';
import type { RunPictures } from '../run/index.js';
import { drawPictures, labelLines, shortShare } from './pictures.js';

/** One red pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';
const pictures: RunPictures = {
  format: 1,
  imageSize: 32,
  augment: 'none',
  seen: [{ png, classes: [{ name: 'a\u001b<b>', share: 1 }] }],
  mistakes: [
    {
      ...{ name: '猫', trainImages: 1, testImages: 2, mistaken: 1 },
      shown: [{ png, index: 0, answer: 'x\ny', probability: 0.5, ofTruth: 0.001 }],
    },
  ],
};
/** Whether the red pixel is there, many times as large. */
const heightOf = (file: Uint8Array): number => Buffer.from(file).readUInt32BE(20);

describe('drawPictures', () => {
  it('draws whatever the names are', () => {
    const files = drawPictures(pictures);
    expect(Object.keys(files)).toEqual(['augmented.png', 'mistakes.png']);
    for (const file of Object.values(files)) expect(Buffer.from(file.slice(1, 4)).toString()).toBe('PNG');
    const [tile] = pictures.seen;
    const many = { ...pictures, seen: Array.from({ length: 7 }, () => tile ?? { png, classes: [] }) };
    const one = heightOf(files['augmented.png'] ?? new Uint8Array(24));
    expect(heightOf(drawPictures(many)['augmented.png'] ?? new Uint8Array(24))).toBeGreaterThan(one + 150);
  });

  it('has no picture of mistakes where there are none', () => {
    expect(Object.keys(drawPictures({ ...pictures, mistakes: [] }))).toEqual(['augmented.png']);
  });
});

describe('what is written below a picture', () => {
  it('has shares where an image is mixed, and nothing rounded to all or nothing', () => {
    expect(labelLines([{ name: 'a', share: 1 }])).toEqual(['a']);
    expect(
      labelLines([
        { name: 'a', share: 0.7 },
        { name: 'b', share: 0.3 },
      ]),
    ).toEqual(['70 % a', '30 % b']);
    expect([0.999, 0.0012, 0.5].map(shortShare)).toEqual(['99.90 %', '0.12 %', '50 %']);
  });
});
