import { basename, dirname, resolve } from 'node:path';

/** One form of a name: file systems spell an accent as one character or as two. */
const oneForm = (name: string): string => name.normalize('NFC');

/** The place of each name among those of `known`, or −1. */
export const matchClasses = (names: readonly string[], known: readonly string[]): number[] => {
  const places = new Map(known.map((name, place) => [oneForm(name), place]));
  return names.map((name) => places.get(oneForm(name)) ?? -1);
};

/** The name of the folder that a file lies in, which is its class where images are sorted into folders. */
export const parentName = (file: string): string => basename(dirname(resolve(file)));
