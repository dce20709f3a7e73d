import { basename, join, relative } from 'node:path';
import { printable } from '../label/index.js';
import { type Survey, survey } from './entries.js';
import type { Failure } from './reasons.js';

export const partNames = ['train', 'valid', 'test'] as const;
export type PartName = (typeof partNames)[number];

/** How people name the parts of a data set. */
const SPELLINGS: Readonly<Record<PartName, RegExp>> = {
  train: /^(final[ _-]?)?(train|training|trn)([ _-]?(set|data|images?|split))?$/i,
  valid: /^(final[ _-]?)?(val|valid|validate|validation|dev|eval)([ _-]?(set|data|images?|split))?$/i,
  test: /^(final[ _-]?)?(test|testing|tst)([ _-]?(set|data|images?|split))?$/i,
};
/** The part of a data set that a name means, if any. */
export const partOf = (name: string): PartName | undefined =>
  partNames.find((part) => SPELLINGS[part].test(name.trim()));

/** Where the class folders of a data set are. */
export interface Layout {
  /** The folder that was given, or the one in it that holds everything. */
  readonly root: Survey;
  /** Parts with class folders. Empty where the class folders lie in the root itself. */
  readonly parts: Readonly<Partial<Record<PartName, Survey>>>;
  /** Parts that hold images without class folders: there is nothing that says what they are. */
  readonly unlabelled: Readonly<Partial<Record<PartName, Survey>>>;
  /** Entries that are none of these. */
  readonly leftOut: readonly Failure[];
}

/** Folder names that tell nothing about the content. */
const GENERIC = /^(images?|imgs?|pictures|photos|data|jpegimages)$/i;

/** Folders that hold nothing but a folder are gone through, this many at most. */
const DEEPEST = 4;

/** A folder, or the one that it is a wrapper of: `dataset/` around everything, `images/` around a part's classes. */
const unwrapped = async (
  path: string,
  { parts }: { parts: boolean },
): Promise<{ found: Survey; leftOut: readonly Failure[] }> => {
  let found = await survey(path);
  const leftOut: Failure[] = [];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const [only, ...others] = found.folders;
    if (only === undefined || others.length > 0 || found.images.length > 0) break;
    if (parts && partOf(only) !== undefined) break;
    const inner = await survey(join(found.path, only));
    if (inner.folders.length === 0 && !GENERIC.test(only)) break; // the only class
    leftOut.push(...found.leftOut);
    found = inner;
  }
  return { found, leftOut };
};

const quoted = (names: readonly string[]): string => {
  const shown = names.slice(0, 5).map((name) => `"${printable(name)}"`);
  return names.length > 5 ? `${shown.join(', ')} and ${names.length - 5} more` : shown.join(', ');
};

const images = (n: number): string => (n === 1 ? '1 image' : `${n} images`);

/** What to do where images have no labels. */
const noLabels = (root: Survey, flat: readonly Survey[]): Error => {
  const [first = root] = flat;
  const tables = root.leftOut.filter(({ reason }) => reason.endsWith('a table')).map(({ file }) => file);
  const where = flat
    .map((part) => `${printable(relative(root.path, part.path) || part.path)} (${images(part.images.length)})`)
    .join(' and ');
  const table =
    tables[0] === undefined ? '' : `, or name the table that has the labels: --labels ${printable(tables[0])}`;
  return new Error(
    `Cannot open data: ${where} ${flat.length === 1 ? 'has' : 'have'} no class folders, so nothing says what their ` +
      `images are; make ${printable(join(first.path, '<class>'))} for each class and put its images there${table}`,
  );
};

const haveImages = async (root: Survey, names: readonly string[]): Promise<boolean> => {
  for (const name of names) if ((await survey(join(root.path, name))).images.length > 0) return true;
  return false;
};

/**
 * Finds out which folders of a data set are parts, and which are classes. Parts are known by their names, in any case
 * (`train`, `Training`, `val`, `test_set`, …), and by holding class folders: a class may be called "train". Throws
 * where there are two parts of one kind, and where parts hold images without classes.
 */
export const findLayout = async (path: string): Promise<Layout> => {
  const { found: root, leftOut: around } = await unwrapped(path, { parts: true });
  const parts: Partial<Record<PartName, Survey>> = {};
  const unlabelled: Partial<Record<PartName, Survey>> = {};
  const leftOut = [...around];
  const others: string[] = [];
  const flat: { name: string; part: PartName; found: Survey }[] = [];
  for (const name of root.folders) {
    const part = partOf(name);
    if (part === undefined) {
      others.push(name);
      continue;
    }
    const { found, leftOut: outer } = await unwrapped(join(root.path, name), { parts: false });
    if (found.folders.length === 0) {
      flat.push({ name, part, found });
      continue;
    }
    const before = parts[part];
    if (before !== undefined)
      throw new Error(
        `Cannot open data: ${printable(root.path)} has two parts of one kind, "${printable(basename(before.path))}" ` +
          `and "${printable(name)}"; keep one of them, or put the images of both together`,
      );
    parts[part] = found;
    leftOut.push(...outer);
  }
  if (Object.keys(parts).length === 0) {
    const [named, ...more] = flat
      .filter(({ found }) => found.images.length > 0)
      .sort((a, b) => partNames.indexOf(a.part) - partNames.indexOf(b.part));
    // One folder of such a name may be a class among classes; two of them are parts.
    if (named !== undefined && (more.length > 0 || !(await haveImages(root, others))))
      throw noLabels(
        root,
        [named, ...more].map(({ found }) => found),
      );
    return { root, parts, unlabelled, leftOut: [...leftOut, ...root.leftOut] };
  }
  for (const { name, part, found } of flat) {
    unlabelled[part] ??= found;
    const reason =
      found.images.length === 0
        ? 'a part without images'
        : `a part without class folders: nothing says what its ${images(found.images.length)} are`;
    leftOut.push({ file: join(root.path, name), reason });
  }
  leftOut.push(
    ...root.leftOut,
    ...others.map((name) => ({ file: join(root.path, name), reason: 'a folder beside the parts' })),
    ...root.images.map((name) => ({ file: join(root.path, name), reason: NO_CLASS })),
  );
  return { root, parts, unlabelled, leftOut };
};

export const NO_CLASS = 'an image in no class folder';

/** Throws unless a layout has images to train on. */
export const requireTraining = ({ root, parts, unlabelled }: Layout): void => {
  const flat = unlabelled.train;
  const [name, other] = Object.entries(parts)[0] ?? [];
  if (other === undefined || parts.train !== undefined) return;
  if (flat !== undefined && flat.images.length > 0) throw noLabels(root, [flat]);
  const classes = root.folders.filter((folder) => partOf(folder) === undefined);
  const way =
    classes.length > 0
      ? `move ${quoted(classes)} into ${printable(join(root.path, 'train'))} if they are its classes`
      : `call the part to train on "train", or give one part alone: --data ${printable(other.path)}`;
  throw new Error(
    `Cannot open data: ${printable(root.path)} has ${name === 'test' ? 'a test' : 'a validation'} part but none to ` +
      `train on; ${way}`,
  );
};
