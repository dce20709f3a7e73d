import { distance } from 'fastest-levenshtein';

/** Above this share of changed letters two words have nothing to do with each other. */
const MOST = 0.7;

/** ` did you mean "conv_3x3"?` for a misspelt word, or nothing where none of the words is like it. */
export const didYouMean = (word: string, words: readonly string[]): string => {
  const changed = (other: string): number =>
    distance(word.toLowerCase(), other.toLowerCase()) / Math.max(word.length, other.length, 1);
  const [nearest] = words.toSorted((a, b) => changed(a) - changed(b));
  return nearest === undefined || changed(nearest) > MOST ? '' : ` did you mean "${nearest}"?`;
};

/** The known names, for an error about another; it may be that a module of the user's would have added it. */
export const knownNames = (names: readonly string[]): string =>
  `(one of ${names.join(', ')}; a name from a module of yours needs --use <module>)`;
