import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJson } from '../../test/support/fixtures.js';
import { gifIsSound } from './gif-stream.js';
import { imageReader } from './image-reader.js';
import { plainFormats } from './plain-images.js';
import { Rng } from './rng.js';

const fixtures = z
  .object({
    width: z.number(),
    height: z.number(),
    images: z.record(z.string(), z.object({ file: z.string(), rgb: z.string() })),
    refused: z.record(z.string(), z.string()),
  })
  .parse(readJson('images'));

let root = '';
const path = (name: string) => join(root, name);
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'reader-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const noise = (width: number, height: number) => {
  const rng = new Rng(width, 'noise');
  const bytes = Uint8Array.from({ length: width * height * 3 }, () => rng.below(256));
  return sharp(bytes, { raw: { width, height, channels: 3 } });
};
const read = async (name: string, shape: Partial<Parameters<typeof imageReader>[0]> = {}) => {
  const reader = await imageReader({ imageSize: 7, channels: 3, ...shape });
  const [image, failure] = [await reader.read(path(name)), await reader.check(path(name))];
  return { image, failure };
};
const reasonOf = async (name: string): Promise<unknown> => {
  const { image } = await read(name);
  return 'reason' in image ? image.reason : 'it was read';
};

describe('formats', () => {
  const plain = Object.entries(fixtures.images).filter(([name]) => !name.endsWith('.tif'));
  it.each(plain)('reads %s as Pillow does, to the byte', (name, { file, rgb }) => {
    const format = name.endsWith('.bmp') ? plainFormats['bmp'] : plainFormats['pnm'];
    const found = format?.pixels(Buffer.from(file, 'base64'));
    expect([found?.width, found?.height]).toEqual([fixtures.width, fixtures.height]);
    const bytes = Buffer.from(found?.bytes ?? []);
    const three = found?.channels === 1 ? Buffer.from([...bytes].flatMap((v) => [v, v, v])) : bytes;
    expect(three.toString('base64')).toBe(rgb);
  });

  it.each(Object.entries(fixtures.images))('brings %s to the size as other formats', async (name, { file, rgb }) => {
    writeFileSync(path(name), Buffer.from(file, 'base64'));
    const { width, height } = fixtures;
    await sharp(Buffer.from(rgb, 'base64'), { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path('same.png'));
    const { image, failure } = await read(name);
    expect(failure).toBeUndefined();
    const { image: same } = await read('same.png');
    if ('reason' in image || 'reason' in same) throw new Error(JSON.stringify([image, same]));
    // A grey image is scaled in one channel: rounding may differ by one.
    const most = Math.max(...image.pixels.map((value, i) => Math.abs(value - (same.pixels[i] ?? 0))));
    expect(most).toBeLessThanOrEqual(name.includes('deep') ? 2 : 1);
    expect(image.warning).toBeUndefined();
  });

  it.each(Object.entries(fixtures.refused))('refuses %s, which would be black or clipped', async (name, file) => {
    writeFileSync(path(name), Buffer.from(file, 'base64'));
    const { image, failure } = await read(name);
    expect(failure).toEqual(image);
    expect(image).toMatchObject({ reason: expect.stringMatching(/^its pixels are .*; convert it to/) });
  });

  it('says what other files are', async () => {
    const files: [string, Uint8Array | string, RegExp][] = [
      ['page.jpg', '<!DOCTYPE html><html>404</html>', /^it is no image but a web page/],
      ['lfs.png', 'version https://git-lfs.github.com/spec/v1\n', /^it is no image but a pointer of Git LFS/],
      ['zip.png', 'PK\x03\x04rest', /^it is no image but an archive$/],
      ['text.png', 'hello', /^it is no image but text$/],
      ['psd.png', '8BPS\0\x01', /^Photoshop files cannot be read; convert it to PNG/],
      ['head.png', '\x89PNG\r\n\x1a\n', /^it is (cut short|damaged): /],
      ['cut.bmp', Buffer.from(fixtures.images['24.bmp']?.file ?? '', 'base64').subarray(0, 100), /^it is cut short/],
    ];
    for (const [name, bytes, reason] of files) {
      writeFileSync(path(name), typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
      expect(await reasonOf(name)).toMatch(reason);
      const { failure } = await read(name); // the head of a bitmap does not say how long the file is
      if (name !== 'cut.bmp') expect(failure?.reason, name).toMatch(reason);
    }
  });
});

describe('what is no file', () => {
  it('is refused without being read', async () => {
    mkdirSync(path('folder.png'));
    symlinkSync('/dev/zero', path('zero.png'));
    symlinkSync('nowhere.png', path('gone.png'));
    writeFileSync(path('empty.png'), '');
    writeFileSync(path('endless.png'), '');
    truncateSync(path('endless.png'), 2 ** 31);
    expect(await reasonOf('folder.png')).toBe('it is a folder, not an image');
    expect(await reasonOf('zero.png')).toBe('it is a device, not a file');
    expect(await reasonOf('gone.png')).toBe('it is a link to nowhere.png, which is not there');
    expect(await reasonOf('empty.png')).toBe('it is empty (0 bytes)');
    expect(await reasonOf('endless.png')).toBe('it has 2.0 GiB, at most 1 is read; convert it');
    expect(await reasonOf('none.png')).toBe('there is no such file or folder; check the path');
  });

  it('is refused where it has more pixels than such a file can have', async () => {
    const black = { width: 16_000, height: 16_000, channels: 3 as const, background: '#000' };
    await sharp({ create: black }).png({ compressionLevel: 9 }).toFile(path('bomb.png'));
    expect(await reasonOf('bomb.png')).toMatch(
      /^it has 256 million pixels \(16000×16000\) in \d+ bytes, which is no pho/,
    );
    const png = readFileSync(path('bomb.png'));
    png.writeUInt32BE(60_000, 16);
    writeFileSync(path('huge.png'), png);
    expect(await reasonOf('huge.png')).toMatch(
      /^it has 960 million pixels \(60000×16000\), at most 268 million are read/,
    );
  });
});

describe('damage', () => {
  it('that leaves an image is told of, and the image is read', async () => {
    const rng = new Rng(3, 'damage');
    for (const format of ['jpeg', 'gif', 'tiff'] as const) {
      const whole = await noise(96, 96).blur(1).toFormat(format).toBuffer();
      writeFileSync(path('whole'), whole);
      expect((await read('whole')).image).toMatchObject({ pixels: expect.anything(), warning: undefined });
      let warned = 0;
      for (let i = 0; i < 20; i++) {
        const damaged = Buffer.from(whole);
        // Behind the tables, whose damage is found more often.
        for (let n = 0; n < 6; n++) damaged[whole.length - 1 - rng.below(whole.length >> 1)] = rng.below(256);
        writeFileSync(path('damaged'), damaged);
        const { image } = await read('damaged', { imageSize: 64 });
        if ('reason' in image || image.warning === undefined) continue;
        warned++;
        expect(image.warning).toMatch(/^(parts of it are damaged: what|its end is missing: the rest of it is used)/);
      }
      expect(warned, format).toBeGreaterThanOrEqual(1);
    }
  });

  it('is told apart from a missing end, the same each time and whatever other threads decode', async () => {
    const jpeg = await noise(64, 64).jpeg().toBuffer();
    const png = await noise(64, 64).png().toBuffer();
    const webp = await noise(64, 64).webp().toBuffer();
    const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length / 2);
    for (const [name, bytes] of [
      ['half.jpg', half(jpeg)],
      ['half.png', half(png)],
      ['half.webp', half(webp)],
      ['wrong.png', Buffer.from(png).fill(0, 60, png.length - 60)],
    ] as const)
      writeFileSync(path(name), bytes);
    const reader = await imageReader({ imageSize: 16, channels: 3 });
    const names = Array.from({ length: 20 }, () => ['half.jpg', 'half.png', 'half.webp', 'wrong.png']).flat();
    const found = await Promise.all(names.map(async (name) => [name, await reader.read(path(name))] as const));
    const said = new Set(found.map(([name, image]) => `${name}: ${'reason' in image ? image.reason : image.warning}`));
    expect([...said].map((line) => line.slice(0, 30)).sort()).toEqual([
      'half.jpg: it is cut short: the',
      'half.png: it is cut short: the',
      'half.webp: it is cut short: th',
      'wrong.png: it is damaged: its ',
    ]);
  });

  it('is not seen in sound GIFs of any size, palette and number of frames', async () => {
    for (const [width, height, colours] of [
      [1, 1, 2],
      [300, 5, 2],
      [64, 64, 16],
      [255, 257, 256],
      [640, 480, 64],
    ] as const) {
      const gif = await noise(width, height).gif({ colours }).toBuffer();
      expect(gifIsSound(gif), `${width}×${height}`).toBe(true);
    }
    const frames = await sharp([await noise(9, 9).png().toBuffer(), await noise(9, 9).blur().png().toBuffer()], {
      join: { animated: true },
    })
      .gif()
      .toBuffer();
    expect(gifIsSound(frames)).toBe(true);
  });

  it('never shows words of a library', async () => {
    const rng = new Rng(1, 'damage');
    for (const format of ['png', 'jpeg', 'webp', 'gif', 'tiff'] as const) {
      const bytes = await noise(32, 32).toFormat(format).toBuffer();
      for (let i = 0; i < 20; i++) {
        const damaged = Buffer.from(bytes.subarray(0, i % 2 === 0 ? bytes.length : rng.below(bytes.length)));
        for (let n = 0; n < 4; n++) damaged[rng.below(Math.max(1, damaged.length))] = rng.below(256);
        writeFileSync(path('damaged'), damaged);
        const said = String(await reasonOf('damaged'));
        expect(said, `${format} ${i}`).toMatch(/^(it |its pixels|HEIC)/);
        expect(said).not.toMatch(/vips|Input|pngload|jpeg[^ ]|:.*:.*:/);
      }
    }
  });
});

describe('--fit', () => {
  it('covers, contains or stretches', async () => {
    const wide = sharp({ create: { width: 16, height: 8, channels: 3, background: '#fff' } });
    const left = await sharp({ create: { width: 2, height: 8, channels: 3, background: '#f00' } })
      .png()
      .toBuffer();
    await wide
      .composite([{ input: left, left: 0, top: 0 }])
      .png()
      .toFile(path('wide.png'));
    const pixel = async (fit: 'cover' | 'contain' | 'stretch', row: number) => {
      const { image } = await read('wide.png', { imageSize: 8, fit });
      return 'pixels' in image ? [...image.pixels.subarray(row * 24, row * 24 + 3)] : image;
    };
    expect(await pixel('cover', 0)).toEqual([255, 255, 255]); // red is cut off
    expect(await pixel('contain', 0)).toEqual([0, 0, 0]);
    expect((await pixel('contain', 4)).toString()).toMatch(/^25\d,\d+,\d+$/);
    expect((await pixel('stretch', 0)).toString()).toMatch(/^25\d,\d+,\d+$/);
    expect(await read('wide.png', { imageSize: 8 })).toEqual(await read('wide.png', { imageSize: 8, fit: 'cover' }));
  });
});
