import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { thumbnail } from '../data/index.js';
import { MOSAIC_TILES, mistakesFigure, svgToPng } from '../figure/index.js';
import { printable } from '../label/index.js';
import { writeAtomic } from '../run/atomic.js';

/** An image whose class is known and was not predicted. */
export interface Mistaken {
  readonly file: string;
  readonly truth: number;
  readonly predicted: string;
  readonly probability: number;
  readonly ofTruth: number;
}

const SIDE = 216; // pixels of a picture: twice what it is drawn at, as the PNG is
/** Scripts that the font of the package has. */
const OWN_FONT = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{P}\p{N}\p{Zs}\p{S}\p{M}]*$/u;

/**
 * Draws the most confident mistakes of each class, a picture each: `<folder>/03-cat.png`. Returns the files. Classes
 * without mistakes have none.
 */
export const drawMosaics = async (
  folder: string,
  mistakes: readonly Mistaken[],
  { classes, counts }: { classes: readonly string[]; counts: readonly number[] },
): Promise<string[]> => {
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (const [c, name] of classes.entries()) {
    const own = mistakes.filter(({ truth }) => truth === c);
    const shown = own.toSorted((a, b) => b.probability - a.probability).slice(0, MOSAIC_TILES);
    if (shown.length === 0) continue;
    const drawn = await Promise.all(
      shown.map(async ({ file, predicted, probability, ofTruth }) => ({
        file: printable(basename(file)),
        png: await thumbnail(file, { size: SIDE }),
        predicted: printable(predicted),
        probability,
        ofTruth,
      })),
    );
    const { captioned } = mistakesFigure(printable(name), {
      ...{ mistakes: drawn, total: own.length, images: counts[c] ?? 0 },
    });
    const words = [name, ...drawn.flatMap(({ file, predicted }) => [file, predicted])];
    const stem = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60);
    const path = join(folder, `${String(c).padStart(String(classes.length - 1).length, '0')}-${stem}.png`);
    writeAtomic(path, svgToPng(captioned, { systemFonts: !words.every((word) => OWN_FONT.test(word)) }));
    files.push(path);
  }
  return files;
};
