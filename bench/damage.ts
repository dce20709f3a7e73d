/**
 * What is seen of damaged image files: 150 images per format with 1 to 8 bytes changed, and 150 cut short, read as a
 * training reads them.
 *
 *     node --import tsx bench/damage.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { imageReader } from '../src/data/image-reader.js';
import { Rng } from '../src/data/rng.js';

const [WIDTH, HEIGHT, IMAGES] = [160, 120, 150];
const formats = ['png', 'jpeg', 'tiff', 'gif', 'webp'] as const;
const names = { png: 'PNG', jpeg: 'JPEG', tiff: 'TIFF (JPEG inside)', gif: 'GIF', webp: 'WebP' };

/** A slope with waves and noise, other ones for each image. */
const picture = (rng: Rng): Uint8Array => {
  const [fast, slow] = [5 + rng.below(20), 20 + rng.below(60)];
  return Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const [x, y, c] = [Math.floor(i / 3) % WIDTH, Math.floor(i / 3 / WIDTH), i % 3];
    return 110 + 60 * Math.sin(x / fast + c) + 50 * Math.cos(y / slow) + rng.below(20);
  });
};

const changed = (file: Uint8Array, rng: Rng): Uint8Array => {
  const bytes = file.slice();
  for (let n = 1 + rng.below(8); n > 0; n--) {
    const at = rng.below(bytes.length);
    bytes[at] = ((bytes[at] ?? 0) + 1 + rng.below(255)) % 256;
  }
  return bytes;
};

const reader = await imageReader({ imageSize: 64, channels: 3 });
const folder = mkdtempSync(join(tmpdir(), 'tailnas-damage-'));
const outcome = async (bytes: Uint8Array): Promise<'refused' | 'warned' | 'unseen'> => {
  const file = join(folder, 'image');
  writeFileSync(file, bytes);
  const read = await reader.read(file);
  if ('reason' in read) return 'refused';
  return read.warning === undefined ? 'unseen' : 'warned';
};

try {
  console.log('| | bytes changed: refused | with a warning | not seen | cut short: refused | with a warning |');
  console.log('|---|---|---|---|---|---|');
  for (const format of formats) {
    const rng = new Rng(1, format);
    const counts = { refused: 0, warned: 0, unseen: 0 };
    const cut = { refused: 0, warned: 0, unseen: 0 };
    for (let i = 0; i < IMAGES; i++) {
      const image = sharp(picture(rng), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
      const file = await (format === 'tiff' ? image.tiff({ compression: 'jpeg' }) : image.toFormat(format)).toBuffer();
      counts[await outcome(changed(file, rng))]++;
      cut[await outcome(file.subarray(0, rng.below(file.length)))]++;
    }
    const row = [names[format], counts.refused, counts.warned, counts.unseen, cut.refused, cut.warned];
    console.log(`| ${row.join(' | ')} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
