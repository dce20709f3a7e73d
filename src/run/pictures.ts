import { join } from 'node:path';
import { z } from 'zod';
import { folderInside, listInside, textInside, writeInside } from './inside.js';
import { check } from './parse.js';
import { parseSealed, sealed } from './seal.js';

const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const share = z.number().min(0).max(1);

/**
 * Small pictures of what a network saw and of what it got wrong, made when its run ends: a report has no images of its
 * own. `png` is in base 64, at the size that the network saw. Classes are by name, the smallest in training first.
 */
const pictures = z.object({
  format: z.literal(1),
  /** Height and width, in pixels. */
  imageSize: z.int().positive(),
  /** How training images were changed, as a label. */
  augment: z.string(),
  /** Training images after that; one that was mixed has several classes. */
  seen: list(z.object({ png: z.base64(), classes: list(z.object({ name: z.string(), share })) })),
  /** By class: how many test images it has, how many are mistaken, and the most confident of these. */
  mistakes: list(
    z.object({
      name: z.string(),
      trainImages: z.int(),
      testImages: z.int(),
      mistaken: z.int(),
      shown: list(
        z.object({ png: z.base64(), index: z.int(), answer: z.string(), probability: share, ofTruth: share }),
      ),
    }),
  ),
});
export type RunPictures = Readonly<z.infer<typeof pictures>>;

const FOLDER = 'pictures';
const FILE = 'pictures.json';
const CELLS = 'cells';

/** The pictures of a run, or undefined where it has none. */
export const readPictures = (dir: string): RunPictures | undefined => {
  const text = textInside(dir, FOLDER, FILE);
  if (text === undefined) return undefined;
  return parseSealed(text, {
    schema: pictures,
    must: false,
    keys: Object.keys(pictures.shape),
    action: `Cannot read ${join(dir, FOLDER, FILE)}`,
    remedy: 'restore it from a copy, or delete it',
  });
};

type Files = Readonly<Record<string, string | Uint8Array>>;

/** Puts files into a folder of a run, each complete or not at all. */
const place = (dir: string, folder: string, files: Files): void => {
  folderInside(dir, folder);
  for (const [name, content] of Object.entries(files)) writeInside(dir, [folder, name], content);
};

/** Keeps the pictures of a run as data, and as files to look at, by name: `mistakes.png`. */
export const writePictures = (dir: string, value: RunPictures, files: Readonly<Record<string, Uint8Array>>): void => {
  const checked = check(value, {
    schema: pictures,
    action: `Cannot write ${join(dir, FOLDER)}`,
    remedy: 'correct that value',
  });
  place(dir, FOLDER, { ...files, [FILE]: `${JSON.stringify(sealed(checked))}\n` });
};

/** Keeps the drawn cells of a run in `cells/`, by name: `backbone-normal.svg`. */
export const writeCells = (dir: string, files: Files): void => place(dir, CELLS, files);

/** The paths of what `writeCells` left, if it did. */
export const listCells = (dir: string): string[] => listInside(dir, CELLS).map((name) => join(dir, CELLS, name));
