import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { readImages } from '../data/read-images.js';
import { prepareScript } from './demo-prepare.js';

const folder = mkdtempSync(join(tmpdir(), 'tailnas-prepare-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { prepare } = await import(`data:text/javascript,${encodeURIComponent(prepareScript)}`);

const SIZE = 32;

/** A picture with edges and slopes, and with alpha where asked. [height, width, 4] */
const picture = (width: number, height: number, alpha: boolean): Uint8Array =>
  Uint8Array.from({ length: width * height * 4 }, (_, i) => {
    const [x, y] = [Math.floor(i / 4) % width, Math.floor(i / 4 / width)];
    if (i % 4 === 3) return alpha ? Math.min(255, (400 * (x + y)) / (width + height)) : 255;
    return 127 + 100 * Math.sin(x / 7 + (i % 4)) * Math.cos(y / 5);
  });

it.each([
  [32, 32],
  [50, 40],
  [96, 64],
  [33, 32],
  [65, 129],
  [200, 131],
  [640, 480],
  [20, 17],
  [16, 40],
  [31, 64],
])('prepares an image of %i × %i as the training does, within 2 of 255', async (width, height) => {
  for (const channels of [1, 3] as const)
    for (const alpha of [false, true]) {
      const rgba = picture(width, height, alpha);
      const file = join(folder, `${width}-${height}-${channels}-${alpha}.png`);
      await sharp(rgba, { raw: { width, height, channels: 4 } })
        .png()
        .toFile(file);
      const { images } = await readImages([file], { imageSize: SIZE, channels });
      const ours: Uint8Array = prepare(rgba, { width, height, size: SIZE, channels });
      expect(ours.length).toBe(images.length);
      const off = Array.from(images, (value, i) => Math.abs(value - (ours[i] ?? Number.NaN)));
      expect(Math.max(...off)).toBeLessThanOrEqual(2);
      expect(off.reduce((a, b) => a + b, 0) / off.length).toBeLessThan(0.6);
    }
});
