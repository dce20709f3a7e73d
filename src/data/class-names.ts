import { basename, dirname, resolve } from 'node:path';

/** One form of a name: file systems spell an accent as one character or as two. */
const oneForm = (name: string): string => name.normalize('NFC');

/** A name without what copying between systems changes: case, spaces at its ends, width, the form of accents. */
const folded = (name: string): string => name.normalize('NFKC').trim().toLowerCase().normalize('NFC');

/** The places of names by a form of them; −1 where several have the same. */
const placesBy = (names: readonly string[], form: (name: string) => string): Map<string, number> => {
  const places = new Map<string, number>();
  for (const [place, name] of names.entries()) places.set(form(name), places.has(form(name)) ? -1 : place);
  return places;
};

/** The place of each name among those of `known`, or −1. */
export const matchClasses = (names: readonly string[], known: readonly string[]): number[] => {
  const exact = new Map(known.map((name, place) => [name, place]));
  const same = placesBy(known, oneForm);
  return names.map((name) => exact.get(name) ?? same.get(oneForm(name)) ?? -1);
};

/**
 * The matching name in another part of the same data set. If none is equal, a name that differs only in case or in
 * spaces at its ends matches, provided that each side has only one such name.
 */
export const matchAlike = (names: readonly string[], known: readonly string[]): number[] => {
  const places = matchClasses(names, known);
  const taken = new Set(places);
  const [like, own] = [placesBy(known, folded), placesBy(names, folded)];
  return places.map((place, i) => {
    if (place !== -1) return place;
    const form = folded(names[i] ?? '');
    const found = own.get(form) === -1 ? -1 : (like.get(form) ?? -1);
    return taken.has(found) ? -1 : found;
  });
};

/** Names that differ only in case, spaces at the ends or the form of accents: each with the one before it. */
export const alikeNames = (names: readonly string[]): [string, string][] => {
  const first = new Map<string, string>();
  return names.flatMap((name): [string, string][] => {
    const other = first.get(folded(name));
    if (other !== undefined) return [[other, name]];
    first.set(folded(name), name);
    return [];
  });
};

/** The name of the folder that a file lies in, which is its class where images are sorted into folders. */
export const parentName = (file: string): string => basename(dirname(resolve(file)));
