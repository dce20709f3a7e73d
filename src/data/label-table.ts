import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { printable } from '../label/index.js';
import { inArchive, openArchive } from './archive-paths.js';
import { type ClassFolders, deal, USUAL_TEST_SHARE } from './class-folders.js';
import { allBytes, fileSize } from './file-bytes.js';
import { filesSource } from './files-source.js';
import { imagesBelow } from './find-images.js';
import { type PartName, partNames, partOf } from './layout.js';
import { fileHead } from './read-bounded.js';
import type { Failure } from './reasons.js';
import { countLabels, type DataSource, type SourceOptions } from './source.js';

const MOST_BYTES = 256e6; // of a table

/** The fields of a table, row by row: CSV with commas, semicolons or tabs, quoted as RFC 4180 has it. */
export const parseTable = (text: string): string[][] => {
  const [first = ''] = text.split(/\r?\n/, 1);
  const separator = ['\t', ';', ','].toSorted((a, b) => first.split(b).length - first.split(a).length)[0] ?? ',';
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  const endRow = (): void => {
    row.push(field.trim());
    if (row.some((value) => value !== '')) rows.push(row);
    [row, field] = [[], ''];
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? '';
    if (quoted && c === '"' && text[i + 1] === '"') field += text[++i];
    else if (c === '"') quoted = !quoted;
    else if (quoted) field += c;
    else if (c === separator) {
      row.push(field.trim());
      field = '';
    } else if (c === '\n') endRow();
    else if (c !== '\r') field += c;
  }
  endRow();
  return rows;
};

const FILE_COLUMN = /^(file|file_?name|image|image_?(id|name|path|file)|img|path|id|name)$/i;
const LABEL_COLUMN = /^(label|labels|class|class_?(id|name)|category|target|species|breed|diagnosis|dx|y)$/i;
const PART_COLUMN = /^(split|part|set|subset|usage)$/i;

/** What tables call an image: its path, its name, or its name without the extension. */
const namesOf = (path: string): string[] => {
  const name = basename(path);
  return [
    path,
    path.slice(0, path.length - extname(path).length),
    name,
    name.slice(0, name.length - extname(name).length),
  ];
};

/** Finds images by what a table calls them. */
const finder = (root: string, { files, table }: { files: readonly string[]; table: string }) => {
  const byName = new Map<string, Set<string>>();
  for (const file of files)
    for (const name of namesOf(relative(root, file).split(sep).join('/'))) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, new Set([file]));
      else known.add(file);
    }
  const own = partOf(basename(table, extname(table)));
  return (word: string): string | undefined => {
    const found = [...(byName.get(word.replace(/^\.\//, '').replaceAll('\\', '/')) ?? [])];
    // `train.csv` is of the images in `train/`.
    const near = found.filter((file) => own !== undefined && partOf(basename(dirname(file))) === own);
    const [one, other] = near.length > 0 ? near : found;
    if (other !== undefined)
      throw new Error(
        `Cannot open data: "${printable(word)}" in ${printable(table)} may be ${printable(one ?? '')} or ` +
          `${printable(other)}; write the path in the table`,
      );
    return one;
  };
};

/** Which columns have the image, its label and its part, and whether the first row is a heading. */
const columnsOf = (rows: readonly string[][], table: string, isImage: (word: string) => boolean) => {
  const [first = []] = rows;
  const heading = !first.some(isImage);
  const find = (pattern: RegExp): number => (heading ? first.findIndex((name) => pattern.test(name)) : -1);
  let [file, label] = [find(FILE_COLUMN), find(LABEL_COLUMN)];
  if (file === -1) file = Math.max(0, (rows[heading ? 1 : 0] ?? []).findIndex(isImage));
  if (label === -1 && first.length === 2) label = 1 - file;
  if (label === -1)
    throw new Error(
      `Cannot open data: ${printable(table)} must have a column "label" or "class" beside that of the images, it has ` +
        `${first.map((name) => `"${printable(name)}"`).join(', ')}; rename the one that has the classes`,
    );
  return { file, label, part: find(PART_COLUMN), heading };
};

/**
 * Opens images whose labels are in a table: one row per image, with its name or path, its class, and optionally its
 * part (train, val, test). If no row is of the test, a share of each class is set aside. Images without a row, and rows
 * without an image, are left out and counted. Throws if an image has two labels, if a name matches two images, or if
 * more than half of the rows match none.
 */
export const openTable = async (root: string, table: string, options: SourceOptions): Promise<DataSource> => {
  const { imageSize = 32, channels = 3, testShare, strict, fit } = options;
  await openArchive(table); // it may lie beside the images there
  const size = inArchive(table) === undefined ? (await fileHead(table, 1)).size : await fileSize(table);
  if (size > MOST_BYTES) throw new Error(`Cannot open data: ${printable(table)} must have at most 256 MB, got ${size}`);
  const rows = parseTable((await allBytes(table)).toString('utf8').replace(/^\ufeff/, ''));
  const { files, leftOut: others } = await imagesBelow(root);
  const find = finder(root, { files, table });
  const columns = columnsOf(rows, table, (word) => {
    try {
      return find(word) !== undefined;
    } catch {
      return true;
    }
  });
  const labelOf = new Map<string, { label: string; part: PartName }>();
  const leftOut: Failure[] = others
    .filter((file) => resolve(file) !== resolve(table))
    .map((file) => ({ file, reason: 'no image by its name' }));
  let missing = 0;
  for (const row of rows.slice(columns.heading ? 1 : 0)) {
    const [word = '', label = ''] = [row[columns.file], row[columns.label]];
    const part = columns.part === -1 ? 'train' : partOf(row[columns.part] ?? '');
    const file = find(word);
    if (file === undefined || label === '' || part === undefined) {
      missing++;
      const reason = file === undefined ? 'a row without its image' : 'a row without a label or a part';
      leftOut.push({ file: word, reason });
      continue;
    }
    const before = labelOf.get(file);
    if (before !== undefined && before.label !== label)
      throw new Error(
        `Cannot open data: ${printable(table)} gives ${printable(file)} two labels, "${printable(before.label)}" and ` +
          `"${printable(label)}"; keep one`,
      );
    labelOf.set(file, { label, part });
  }
  if (missing > labelOf.size)
    throw new Error(
      `Cannot open data: ${missing} of ${missing + labelOf.size} rows of ${printable(table)} lead to no image below ` +
        `${printable(root)} (such as "${printable(leftOut.at(-1)?.file ?? '')}"); give the folder that the names are ` +
        'relative to as --data',
    );
  for (const file of files)
    if (!labelOf.has(file)) leftOut.push({ file, reason: 'an image that the table does not name' });
  const classes = [...new Set([...labelOf.values()].map(({ label }) => label))].sort();
  const place = new Map(classes.map((label, c) => [label, c]));
  const partFiles = (part: PartName): ClassFolders => {
    const own = files
      .flatMap((file) => {
        const known = labelOf.get(file);
        return known?.part === part ? [{ file, label: place.get(known.label) ?? 0 }] : [];
      })
      .sort((a, b) => a.label - b.label);
    const labels = Uint16Array.from(own, ({ label }) => label);
    return { folder: root, classes, files: own.map(({ file }) => file), labels, leftOut: [], notes: [] };
  };
  const [train, valid, test] = partNames.map(partFiles);
  if (train === undefined || valid === undefined || test === undefined || classes.length < 2)
    throw new Error(`Cannot open data: ${printable(table)} must name at least 2 classes, got ${classes.length}`);
  const least = test.files.length > 0 ? 2 : 3;
  const poor = countLabels(train.labels, classes.length).findIndex((n) => n < least);
  if (poor !== -1)
    throw new Error(
      `Cannot open data: class "${printable(classes[poor] ?? '')}" of ${printable(table)} has fewer than ${least} ` +
        'images to train on; add images, or remove its rows',
    );
  const own = valid.files.length > 0 ? { valid } : {};
  const share = testShare ?? USUAL_TEST_SHARE;
  const parts = test.files.length > 0 ? { train, test, ...own } : { ...deal(train, share), ...own, testShare: share };
  return filesSource(
    { ...parts, name: basename(resolve(root)), leftOut, notes: [`labels are those of ${printable(join(table))}`] },
    { imageSize, channels, strict, fit },
  );
};
