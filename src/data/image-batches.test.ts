import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageBatches } from './image-batches.js';
import { readImages } from './read-images.js';
import { Rng } from './rng.js';

let root = '';
const path = (name: string) => join(root, name);
const noise = (width: number, height: number, channels: 1 | 3 | 4) => {
  const rng = new Rng(width, 'noise');
  const bytes = Uint8Array.from({ length: width * height * channels }, () => rng.below(256));
  return sharp(bytes, { raw: { width, height, channels } });
};

/** Of every kind that training reads: formats, odd sides, turned, transparent, grey, of print colours, deep. */
const files: string[] = [];
const make = async (name: string, image: Sharp) => {
  await image.toFile(path(name));
  files.push(path(name));
};
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'batches-'));
  for (const format of ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)
    await make(`of.${format}`, noise(37, 21, 3).toFormat(format));
  await make('large.jpg', noise(400, 300, 3).jpeg());
  await make('turned.jpg', noise(40, 20, 3).withMetadata({ orientation: 6 }).jpeg());
  await make('clear.png', noise(16, 16, 4).png());
  await make('grey.png', noise(16, 16, 1).toColourspace('b-w').png());
  await make('grey.jpg', noise(30, 16, 1).toColourspace('b-w').jpeg());
  await make('print.jpg', noise(30, 16, 3).toColourspace('cmyk').jpeg());
  await make('deep.png', noise(16, 16, 3).toColourspace('rgb16').png());
  await make('last[1].png', noise(16, 16, 3).png());
});
afterAll(() => rmSync(root, { recursive: true }));

const collect = async (
  list: readonly string[],
  { channels = 3, batchSize = 4 }: { channels?: 1 | 3; batchSize?: number },
) => {
  const batches = [];
  for await (const batch of imageBatches(list, { imageSize: 16, channels, batchSize })) batches.push(batch);
  return {
    batches,
    images: Buffer.concat(batches.map(({ images }) => images)),
    files: batches.flatMap((batch) => batch.files),
    failures: batches.flatMap((batch) => batch.failures),
  };
};

describe('imageBatches', () => {
  it.each([1, 3] as const)(
    'reads files as training does, to the byte and in order, in %i channels',
    async (channels) => {
      const whole = await readImages(files, { imageSize: 16, channels });
      for (const batchSize of [1, 4, 100]) {
        const found = await collect(files, { channels, batchSize });
        expect(found.failures).toEqual([]);
        expect(found.files).toEqual(files);
        expect(found.images.equals(whole.images)).toBe(true);
        expect(found.batches.length).toBe(Math.ceil(files.length / batchSize));
      }
    },
  );

  it('counts images that are grey, and says when one in colour becomes grey', async () => {
    const grey = [path('grey.png'), path('grey.jpg')];
    const ofThree = await collect([...grey, path('of.png')], {});
    expect(ofThree.batches.map((batch) => [batch.grey, batch.colour])).toEqual([[2, false]]);
    expect((await collect(grey, { channels: 1 })).batches[0]?.colour).toBe(false);
    expect((await collect([...grey, path('of.png')], { channels: 1 })).batches[0]?.colour).toBe(true);
  });

  it('names what cannot be read with the reason, and reads the rest', async () => {
    writeFileSync(path('empty.png'), '');
    writeFileSync(path('notes.txt'), 'not an image');
    writeFileSync(path('photo.heic'), '\0\0\0\x18ftypheic\0\0\0\0mif1heic');
    mkdirSync(path('folder.png'));
    const jpeg = await noise(64, 64, 3).jpeg().toBuffer();
    writeFileSync(path('cut.jpg'), jpeg.subarray(0, jpeg.length / 2));
    const bad = ['empty.png', 'notes.txt', 'photo.heic', 'folder.png', 'cut.jpg', 'gone.png'].map(path);
    const found = await collect([path('of.png'), ...bad, path('grey.png')], { batchSize: 3 });
    expect(found.files).toEqual([path('of.png'), path('grey.png')]);
    expect(found.images.length).toBe(2 * 16 * 16 * 3);
    expect(found.failures.map(({ file }) => file)).toEqual(bad);
    expect(found.failures.map(({ reason }) => reason)).toEqual([
      'it is empty (0 bytes)',
      'it is no image but text',
      'HEIC files cannot be read; convert it to PNG or JPEG (heif-convert photo.heic photo.png)',
      'it is a folder, not an image',
      'it is cut short: the end of the image is missing; copy or download it again',
      'there is no such file or folder; check the path',
    ]);
  });

  it('starts the next batches before it is asked for them, and no more than two', async () => {
    const many = Array.from({ length: 40 }, (_, i) => path(`no-${i}.png`));
    const pass = imageBatches(many, { imageSize: 16, channels: 3, batchSize: 2 });
    await pass.next();
    for (const file of many.slice(6)) await noise(16, 16, 3).png().toFile(file); // of later batches: not looked at yet
    const rest = [];
    for await (const batch of pass) rest.push(batch);
    expect(rest.map(({ failures }) => failures.length).slice(0, 4)).toEqual([2, 2, 0, 0]);
  });
});
