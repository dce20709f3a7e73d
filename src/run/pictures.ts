import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomic } from './atomic.js';
import { check, parse } from './parse.js';

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

/** The pictures of a run, or undefined where it has none. */
export const readPictures = (dir: string): RunPictures | undefined => {
  const file = join(dir, FOLDER, FILE);
  if (!existsSync(file)) return undefined;
  return parse(readFileSync(file, 'utf8'), {
    schema: pictures,
    action: `Cannot read ${file}`,
    remedy: 'restore it from a copy, or delete it',
  });
};

/** Keeps the pictures of a run as data, and as files to look at, by name: `mistakes.png`. */
export const writePictures = (dir: string, value: RunPictures, files: Readonly<Record<string, Uint8Array>>): void => {
  const folder = join(dir, FOLDER);
  mkdirSync(folder, { recursive: true });
  const checked = check(value, { schema: pictures, action: `Cannot write ${folder}`, remedy: 'correct that value' });
  for (const [name, bytes] of Object.entries(files)) writeAtomic(join(folder, name), bytes);
  writeAtomic(join(folder, FILE), `${JSON.stringify(checked)}\n`);
};
