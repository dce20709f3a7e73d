import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { Rng } from '../../src/data/rng.js';

const SIZE = 16;

/** For a picture that is its own: noise around a grey of its class, as PNG. [16, 16, 3] */
export const writeImage = async (
  file: string,
  { seed, grey = 128 }: { seed: number; grey?: number },
): Promise<void> => {
  const rng = new Rng(seed, 'image');
  const pixels = Uint8Array.from({ length: SIZE * SIZE * 3 }, () => Math.min(255, grey + rng.below(60)));
  await sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 3 } })
    .png()
    .toFile(file);
};

/** For a data set of one's own: writes `root/<part>/<class>/<n>.png`, `counts` images of each class. Equal calls write equal pixels. */
export const writeImages = async (root: string, counts: Readonly<Record<string, number>>): Promise<void> => {
  for (const [c, [name, count]] of Object.entries(counts).entries()) {
    mkdirSync(join(root, name), { recursive: true });
    for (let i = 0; i < count; i++)
      await writeImage(join(root, name, `${i}.png`), { seed: 1000 * c + i, grey: 60 * c });
  }
};
