import { basename, join } from 'node:path';
import { printable } from '../label/index.js';
import { alikeNames, matchAlike } from './class-names.js';
import { type Survey, survey } from './entries.js';
import type { Failure } from './reasons.js';
import { countLabels } from './source.js';
import { splitClasses } from './split.js';

/** The images of some class folders. */
export interface ClassFolders {
  /** The folder that they lie in. */
  readonly folder: string;
  readonly classes: readonly string[];
  /** [n] */
  readonly files: readonly string[];
  /** [n] */
  readonly labels: Uint16Array;
  readonly leftOut: readonly Failure[];
  /** What should be said of the folders themselves. */
  readonly notes: readonly string[];
}

const MOST_CLASSES = 65_536; // labels are uint16

const images = (n: number): string => (n === 1 ? '1 image' : `${n} images`);

/** What is in the place of images, for errors. */
const others = (leftOut: readonly Failure[]): string => {
  const [first] = leftOut;
  if (first === undefined) return '';
  return (
    ` (and ${leftOut.length === 1 ? '1 entry' : `${leftOut.length} entries`} left out, such as ` +
    `${printable(basename(first.file))}: ${first.reason})`
  );
};

/** The images of one class folder. Throws on folders within it that hold images: nothing says which class they are. */
const ofClass = async (path: string): Promise<{ files: string[]; leftOut: Failure[] }> => {
  const found = await survey(path);
  const leftOut = [...found.leftOut];
  for (const name of found.folders) {
    const inner = join(path, name);
    const { images: within, folders } = await survey(inner);
    if (within.length > 0 || folders.length > 0)
      throw new Error(
        `Cannot open data: ${printable(inner)} is a folder inside a class folder; put the images directly into ` +
          `${printable(path)}, or name the folder that has one folder per class: --data ${printable(path)}`,
      );
    leftOut.push({ file: inner, reason: 'a folder without images inside a class folder' });
  }
  return { files: found.images.map((name) => join(path, name)), leftOut };
};

/** The images of a part's class folders, class by class, by name; every class needs `least` of them. */
export const listClasses = async ({ path, folders, images: stray }: Survey, least: number): Promise<ClassFolders> => {
  const where = printable(path);
  const [only, second] = folders;
  if (second === undefined) {
    const has = only === undefined ? 'no class folders' : `only 1 class folder ("${printable(only)}")`;
    const loose = stray.length === 0 ? '' : ` beside ${images(stray.length)} of no class`;
    throw new Error(
      `Cannot open data: ${where} has ${has}${loose}, at least 2 are needed; put the images of each class into a ` +
        `folder of its own: ${printable(join(path, '<class>', '<image>'))}`,
    );
  }
  if (folders.length > MOST_CLASSES)
    throw new Error(
      `Cannot open data: ${where} must have at most ${MOST_CLASSES} class folders, got ${folders.length}`,
    );
  const files: string[] = [];
  const labels: number[] = [];
  const leftOut: Failure[] = [];
  for (const [label, name] of folders.entries()) {
    const found = await ofClass(join(path, name));
    if (found.files.length < least)
      throw new Error(
        `Cannot open data: class "${printable(name)}" in ${where} has ${images(found.files.length)}` +
          `${others(found.leftOut)}, at least ${least} ${least === 1 ? 'is' : 'are'} needed; add images or remove ` +
          'the folder',
      );
    for (const file of found.files) {
      files.push(file);
      labels.push(label);
    }
    leftOut.push(...found.leftOut);
  }
  const notes = alikeNames(folders).map(
    ([one, other]) =>
      `classes "${printable(one)}" and "${printable(other)}" of ${where} have nearly the same name: put their images ` +
      'together if they are one class',
  );
  return { folder: path, classes: folders, files, labels: Uint16Array.from(labels), leftOut, notes };
};

/**
 * A part with its classes numbered as those of the training part are. Names that differ in case, in spaces at their
 * ends or in how accents are written are the same class, and that is said. Throws where one part has a class that the
 * other has not.
 */
export const asTrained = (part: ClassFolders, train: ClassFolders): ClassFolders => {
  const places = matchAlike(part.classes, train.classes);
  const refuse = (name: string, one: ClassFolders, other: ClassFolders): never => {
    throw new Error(
      `Cannot open data: class "${printable(name)}" is in ${printable(one.folder)} but not in ` +
        `${printable(other.folder)}; the two need the same classes`,
    );
  };
  const alien = part.classes.find((_, c) => places[c] === -1);
  const missing = train.classes.find((_, c) => !places.includes(c));
  if (missing !== undefined) return refuse(missing, train, part);
  if (alien !== undefined) return refuse(alien, part, train);
  const renamed = part.classes.flatMap((name, c) => {
    const own = train.classes[places[c] ?? 0] ?? '';
    if (own.normalize('NFC') === name.normalize('NFC')) return [];
    return [`"${printable(name)}" in ${printable(part.folder)} is taken for class "${printable(own)}"`];
  });
  const dealt = [...part.labels.keys()].sort((a, b) => place(a) - place(b) || a - b);
  function place(index: number): number {
    return places[part.labels[index] ?? 0] ?? 0;
  }
  return {
    ...part,
    classes: train.classes,
    files: dealt.map((index) => part.files[index] ?? ''),
    labels: Uint16Array.from(dealt, place),
    notes: [...part.notes, ...renamed],
  };
};

/** Sets a share of each class aside for the test. Which images depends on nothing but their list. */
export const deal = (all: ClassFolders, share: number): { train: ClassFolders; test: ClassFolders } => {
  const counts = countLabels(all.labels, all.classes.length);
  const { rest, held } = splitClasses(all.labels, { counts, share, seed: 0, stream: 'test' });
  const pick = (indices: Uint32Array): ClassFolders => ({
    ...all,
    files: Array.from(indices, (index) => all.files[index] ?? ''),
    labels: Uint16Array.from(indices, (index) => all.labels[index] ?? 0),
  });
  return { train: pick(rest), test: pick(held) };
};

/** Of each class, where a folder has no test images and nothing else is said. */
export const USUAL_TEST_SHARE = 0.2;
