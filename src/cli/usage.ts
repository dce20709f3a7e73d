import { InvalidArgumentError } from 'commander';
import { closest } from 'fastest-levenshtein';

/** Wrong words on the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Checks that a word is one of a few, and says which it may have been. */
export const oneOf =
  <T extends string>(what: string, known: readonly T[]) =>
  (word: string): T => {
    const found = known.find((k) => k === word);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(
      `Unknown ${what} "${word}": did you mean "${closest(word, known)}"? (one of ${known.join(', ')})`,
    );
  };

/** Checks that a word is a number in a range. */
export const numberIn =
  ({
    least,
    most = Number.POSITIVE_INFINITY,
    whole = false,
    above,
  }: {
    least?: number;
    most?: number;
    whole?: boolean;
    above?: number;
  }) =>
  (word: string): number => {
    const value = Number(word);
    const range = [
      least === undefined ? '' : `>= ${least}`,
      above === undefined ? '' : `> ${above}`,
      Number.isFinite(most) ? `<= ${most}` : '',
    ];
    const rule = `${whole ? 'a whole number' : 'a number'} ${range.filter(Boolean).join(' and ')}`;
    const fits =
      word.trim() !== '' &&
      Number.isFinite(value) &&
      (!whole || Number.isSafeInteger(value)) &&
      value >= (least ?? Number.NEGATIVE_INFINITY) &&
      value > (above ?? Number.NEGATIVE_INFINITY) &&
      value <= most;
    if (!fits) throw new InvalidArgumentError(`It must be ${rule}`);
    return value;
  };
