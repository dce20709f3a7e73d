import type { Member, Stored } from './archive.js';
import type { Failure } from './reasons.js';
import { UnreadArchive } from './zip-members.js';

/** The files and folders of an archive by their paths in it, without slashes at the ends: '' is the whole. */
export interface Tree {
  readonly files: ReadonlyMap<string, Stored>;
  /** What each folder holds: names, and whether they are folders. */
  readonly folders: ReadonlyMap<string, ReadonlyMap<string, boolean>>;
  readonly leftOut: readonly Failure[];
}

/** Of file systems. */
const MOST_PATH_BYTES = 4096;
const [MOST_FOLDERS, MOST_FILES] = [200_000, 4_000_000];

const NOT_UTF8 = 'its name is not UTF-8; pack it again with names in UTF-8';
const OUTSIDE = 'its name leads out of the archive';
const SECOND = 'a second entry of the same name';
const LONG = 'its name is too long; shorten it';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decoded = (bytes: Buffer): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** The path of a name within its archive; undefined for one that would lead elsewhere. */
const inside = (name: string): string | undefined => {
  if (name.startsWith('/') || name.includes('\0')) return undefined;
  const names = name.split('/').filter((part) => part !== '' && part !== '.');
  return names.includes('..') ? undefined : names.join('/');
};

/** Puts the entries of an archive in order. Names that lead out of it are left out, as is what is no file. */
export const archiveTree = (members: readonly Member[], path: string): Tree => {
  const files = new Map<string, Stored>();
  const folders = new Map<string, Map<string, boolean>>([['', new Map()]]);
  const leftOut: Failure[] = [];
  const split = (place: string): [folder: string, name: string] => {
    const slash = place.lastIndexOf('/');
    return [place.slice(0, Math.max(0, slash)), place.slice(slash + 1)];
  };
  /** A folder, made where it is not there; nothing where a file has its name. */
  const folderAt = (place: string): Map<string, boolean> | undefined => {
    const found = folders.get(place);
    if (found !== undefined || files.has(place)) return found;
    const [parent, name] = split(place);
    const around = folderAt(parent);
    if (around === undefined) return undefined;
    if (folders.size > MOST_FOLDERS) throw new UnreadArchive(`must have at most ${MOST_FOLDERS} folders, it has more`);
    const made = new Map<string, boolean>();
    around.set(name, true);
    folders.set(place, made);
    return made;
  };
  for (const { name: bytes, ...member } of members) {
    const name = decoded(bytes);
    const leave = (reason: string): void =>
      void leftOut.push({ file: `${path}/${(name ?? bytes.toString('latin1')).slice(0, MOST_PATH_BYTES)}`, reason });
    const place = name === undefined ? undefined : inside(name);
    if (bytes.length > MOST_PATH_BYTES) leave(LONG);
    else if (name === undefined) leave(NOT_UTF8);
    else if (place === undefined) leave(OUTSIDE);
    else if ('other' in member) leave(member.other);
    else if ('folder' in member) {
      if (folderAt(place) === undefined) leave(SECOND);
    } else {
      const [parent, own] = split(place);
      const around = folderAt(parent);
      if (around === undefined || own === '' || around.has(own)) leave(SECOND);
      else {
        if (files.size > MOST_FILES) throw new UnreadArchive(`must have at most ${MOST_FILES} files, it has more`);
        around.set(own, false);
        files.set(place, member);
      }
    }
  }
  return { files, folders, leftOut };
};
