import { stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { type Archive, readArchive } from './archive.js';
import { codeOf } from './reasons.js';

/**
 * Archives that were opened, by their paths: `birds.zip/ant/1.jpg` is read from `birds.zip`, in place. Below a file no
 * other path can be, so nothing is hidden by this.
 */
const opened = new Map<string, { readonly archive: Archive; readonly stamp: string }>();

/** The file that a path is or leads into, and what tells whether it was exchanged. */
const fileOn = async (path: string): Promise<{ file: string; stamp: string } | undefined> => {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await stat(at).catch((error: unknown) => {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error)) && at !== dirname(at)) return 'above';
      return undefined;
    });
    if (found === 'above') continue;
    if (!found?.isFile()) return undefined;
    return { file: at, stamp: [found.dev, found.ino, found.size, found.mtimeMs, found.ctimeMs].join() };
  }
};

/** Makes what an archive holds readable by paths; undefined where a path neither is one nor leads into one. */
export const openArchive = async (path: string): Promise<Archive | undefined> => {
  const found = await fileOn(path);
  if (found === undefined) return undefined;
  const { file, stamp } = found;
  const known = opened.get(file);
  if (known?.stamp === stamp) return known.archive;
  const archive = await readArchive(file);
  if (archive === undefined) return undefined;
  const close = (): void => {
    opened.delete(file);
    archive.close();
  };
  opened.set(file, { archive: { ...archive, close }, stamp });
  return opened.get(file)?.archive;
};

/** The opened archive that a path leads into, and the rest of the path: '' for the archive itself. */
export const inArchive = (path: string): { archive: Archive; place: string } | undefined => {
  if (opened.size === 0) return undefined;
  const full = resolve(path);
  for (const [file, { archive }] of opened) {
    if (full === file) return { archive, place: '' };
    if (full.startsWith(file + sep)) return { archive, place: full.slice(file.length + 1) };
  }
  return undefined;
};
