import { distance } from 'fastest-levenshtein';

/** Above this share of changed letters two words have nothing to do with each other. */
const MOST = 0.5;

const letters = (word: string): string => [...word.toLowerCase()].sort().join('');

/**
 * ` did you mean "conv_3x3"?` for a misspelt word, or nothing where none of the words is like it: half of its letters
 * are others, and not in another order only.
 */
export const didYouMean = (word: string, words: readonly string[]): string => {
  const changed = (other: string): number =>
    distance(word.toLowerCase(), other.toLowerCase()) / Math.max(word.length, other.length, 1);
  const [nearest] = words.toSorted((a, b) => changed(a) - changed(b));
  return nearest === undefined || (changed(nearest) > MOST && letters(nearest) !== letters(word))
    ? ''
    : ` did you mean "${nearest}"?`;
};

/**
 * What follows an unknown name in an error: the nearest known one, and all of them. It may be that a module of the
 * user's would have added the name.
 */
export const orKnown = (word: string, names: readonly string[]): string => {
  const meant = didYouMean(word, names);
  return `${meant && `:${meant}`} (one of ${names.join(', ')}; a name from your own module needs --use <module>)`;
};
