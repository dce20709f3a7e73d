import { encodePng } from '../data/index.js';
import type { Live, Mistaken, Seen } from '../loop/index.js';
import {
  type Evaluation,
  type Genotypes,
  type RunFolder,
  type RunPictures,
  rankOrder,
  writeCells,
  writePictures,
} from '../run/index.js';

/** Training images that are shown: four rows of six. */
const SEEN = 24;
/** Mistakes that are shown of a class, a row; and of how many classes. */
const OF_CLASS = 6;
const CLASSES = 8;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The most confident mistakes that pictures are made of, collected while a network is tested. */
export interface MistakesWanted {
  readonly most: number;
  take(mistakes: readonly Mistaken[]): void;
  readonly taken: () => readonly Mistaken[];
}

export const mistakesWanted = (): MistakesWanted => {
  let taken: readonly Mistaken[] = [];
  return {
    most: OF_CLASS,
    take: (mistakes) => {
      taken = mistakes;
    },
    taken: () => taken,
  };
};

/** The share of each class, the larger first: an image may be mixed with one of its own class. */
const sharesOf = (labels: Seen['labels']): [label: number, share: number][] => {
  const shares = new Map<number, number>();
  for (const { label, share } of labels) shares.set(label, (shares.get(label) ?? 0) + share);
  return [...shares].toSorted(([, a], [, b]) => b - a);
};

/** What `pictures/` of a run folder holds, from a run at its end. */
export const picturesOf = async (
  live: Pick<Live, 'seen'>,
  {
    classes,
    trainCounts,
    imageSize,
    confusion,
    mistakes,
  }: {
    readonly classes: readonly string[];
    readonly trainCounts: readonly number[];
    readonly imageSize: number;
    readonly confusion: Evaluation['confusion'];
    readonly mistakes: readonly Mistaken[];
  },
): Promise<RunPictures> => {
  const nameOf = (c: number): string => classes[c] ?? String(c);
  const { head, middle, tail } = rankOrder(trainCounts);
  const smallestFirst = [...head, ...middle, ...tail].reverse();
  const place = (c: number | undefined): number => smallestFirst.indexOf(c ?? -1);
  const { augment, images } = live.seen(SEEN);
  const ordered = images.toSorted((a, b) => place(sharesOf(a.labels)[0]?.[0]) - place(sharesOf(b.labels)[0]?.[0]));
  const wrong = smallestFirst
    .map((c) => ({ c, own: mistakes.filter(({ truth }) => truth === c) }))
    .filter(({ own }) => own.length > 0)
    .slice(0, CLASSES);
  return {
    format: 1,
    imageSize,
    augment,
    seen: await Promise.all(
      ordered.map(async ({ image, labels }) => ({
        png: base64(await encodePng(image)),
        classes: sharesOf(labels).map(([label, share]) => ({ name: nameOf(label), share: Math.min(1, share) })),
      })),
    ),
    mistakes: await Promise.all(
      wrong.map(async ({ c, own }) => {
        const row = confusion[c] ?? [];
        const testImages = row.reduce((a, b) => a + b, 0);
        return {
          name: nameOf(c),
          trainImages: trainCounts[c] ?? 0,
          testImages,
          mistaken: testImages - (row[c] ?? 0),
          shown: await Promise.all(
            own.map(async ({ image, index, answer, probability, ofTruth }) => ({
              ...{ png: base64(await encodePng(image)), index, answer: nameOf(answer), probability, ofTruth },
            })),
          ),
        };
      }),
    ),
  };
};

/** For a drawing, which must not fail a run: what goes wrong is noted in its log. */
const orNoted = async (
  folder: RunFolder,
  { what, draw }: { what: string; draw: () => Promise<void> },
): Promise<void> => {
  try {
    await draw();
  } catch (error) {
    try {
      folder.log(`${what} are missing: ${error instanceof Error ? error.message : String(error)}`);
    } catch {
      // A log that cannot be written either is no other matter: what comes next tells of it.
    }
  }
};

/**
 * Makes `pictures/` of a run at its end: what the network saw after augmentation, and what it got wrong, as data for
 * reports and as PNG files.
 */
export const keepPictures = (
  live: Pick<Live, 'seen'>,
  { folder, evaluation, mistakes }: { folder: RunFolder; evaluation: Evaluation; mistakes: readonly Mistaken[] },
): Promise<void> =>
  orNoted(folder, {
    what: 'pictures',
    draw: async () => {
      const { classes, counts, imageSize } = folder.info.data;
      if (imageSize === null) return;
      const { confusion } = evaluation;
      const pictures = await picturesOf(live, { classes, trainCounts: counts.train, imageSize, confusion, mistakes });
      const { drawPictures } = await import('../figure/index.js'); // loaded here: most of a run needs no drawing
      writePictures(folder.path, pictures, drawPictures(pictures));
    },
  });

/** Draws the cells of a run at its end into `cells/`, each as SVG and PNG. */
export const keepCells = (folder: RunFolder, genotypes: Genotypes): Promise<void> =>
  orNoted(folder, {
    what: 'drawn cells',
    draw: async () => {
      const { genotypeSvgs, svgToPng } = await import('../figure/index.js');
      const drawn = await genotypeSvgs(genotypes);
      const files = drawn.flatMap(({ name, svg }) => [
        [`${name}.svg`, svg],
        [`${name}.png`, svgToPng(svg)],
      ]);
      writeCells(folder.path, Object.fromEntries(files));
    },
  });
