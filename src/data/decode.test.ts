import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImages } from './read-images.js';
import { Rng } from './rng.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'decode-'));
});
afterAll(() => rm(root, { recursive: true }));

const noise = (size: number, channels: 1 | 3 | 4) => {
  const rng = new Rng(channels);
  const bytes = Uint8Array.from({ length: size * size * channels }, () => rng.below(256));
  return { bytes, image: sharp(bytes, { raw: { width: size, height: size, channels } }) };
};

const solid = (width: number, height: number, background: { r: number; g: number; b: number; alpha?: number }) =>
  sharp({ create: { width, height, channels: background.alpha === undefined ? 3 : 4, background } });

const red = { r: 255, g: 0, b: 0 };
const options = { imageSize: 8, channels: 3 } as const;
const path = (name: string) => join(root, name);

describe('how images are decoded', () => {
  it('keeps the exact bytes of images that have the size already', async () => {
    const colour = noise(8, 3);
    const grey = noise(8, 1);
    await colour.image.png().toFile(path('colour.png'));
    await grey.image.toColourspace('b-w').png().toFile(path('grey.png'));
    const both = await readImages([path('colour.png'), path('grey.png')], options);
    expect(both.images.subarray(0, 192)).toEqual(colour.bytes);
    expect(both.images.subarray(192)).toEqual(
      Uint8Array.from([...grey.bytes].flatMap((value) => [value, value, value])),
    );
    const one = await readImages([path('grey.png')], { ...options, channels: 1 });
    expect(one.images).toEqual(grey.bytes);
  });

  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('reads %s of any size', async (format) => {
    const file = path(`wide.${format}`);
    await solid(40, 20, red).toFormat(format).toFile(file);
    for (const channels of [1, 3] as const) {
      const { images } = await readImages([file], { ...options, channels });
      expect(images).toHaveLength(64 * channels);
    }
    const { images } = await readImages([file], options);
    expect(images[0]).toBeGreaterThan(245);
    expect(images[1]).toBeLessThan(10);
  });

  it('cuts the middle, stands images upright, puts alpha on black and reduces 16 bits', async () => {
    const stripe = await solid(8, 8, { r: 0, g: 0, b: 255 }).png().toBuffer();
    await solid(24, 8, red)
      .composite([{ input: stripe, left: 8, top: 0 }])
      .png()
      .toFile(path('stripe.png'));
    const left = await solid(4, 8, { r: 0, g: 255, b: 0 }).png().toBuffer();
    const half = await solid(8, 8, red)
      .composite([{ input: left, left: 0, top: 0 }])
      .png()
      .toBuffer();
    await sharp(half).withMetadata({ orientation: 6 }).png().toFile(path('turned.png'));
    await solid(8, 8, { ...red, alpha: 0 })
      .png()
      .toFile(path('clear.png'));
    await noise(8, 3).image.toColourspace('rgb16').png().toFile(path('deep.png'));
    const files = ['stripe.png', 'turned.png', 'clear.png', 'deep.png'].map(path);
    const { images } = await readImages(files, options);
    const pixel = (image: number, row: number, column: number) => {
      const start = ((image * 8 + row) * 8 + column) * 3;
      return [...images.subarray(start, start + 3)];
    };
    expect(pixel(0, 0, 0)).toEqual([0, 0, 255]);
    expect(pixel(0, 7, 7)).toEqual([0, 0, 255]);
    expect(pixel(1, 0, 7)).toEqual([0, 255, 0]); // orientation 6: the left side is the top
    expect(pixel(1, 7, 7)).toEqual([255, 0, 0]);
    expect(pixel(2, 4, 4)).toEqual([0, 0, 0]);
    expect(images.subarray(3 * 192)).toEqual(noise(8, 3).bytes);
  });

  it('names a file that is cut short, empty, no image or not there, and reads the others', async () => {
    await noise(64, 3).image.jpeg().toFile(path('whole.jpg'));
    const whole = await readFile(path('whole.jpg'));
    await writeFile(path('cut.jpg'), whole.subarray(0, whole.length / 2));
    await writeFile(path('empty.png'), '');
    await writeFile(path('notes.txt'), 'not an image');
    const bad = ['cut.jpg', 'empty.png', 'notes.txt', 'gone.png'].map(path);
    const good = await readImages([path('whole.jpg')], options);
    const files = [...bad.slice(0, 2), path('whole.jpg'), ...bad.slice(2), path('whole.jpg')];
    let done = 0;
    const some = await readImages(files, {
      ...options,
      onProgress: (event) => (done = event.done),
    });
    expect(some.skipped.map(({ file }) => file)).toEqual(bad);
    expect([...some.kept]).toEqual([2, 5]);
    expect(some.images).toEqual(Uint8Array.from([...good.images, ...good.images]));
    expect(done).toBe(6);
  });
});
