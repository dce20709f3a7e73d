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

/** What `read` makes of a word that the user wrote; a word that it refuses with a RangeError is wrong usage. */
export const fromUser = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
};

/** `0.3`, or `from:to:step` for a list of mixing ratios. */
export const mixingList = (word: string): number[] => {
  const parts = word.split(':').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [from = Number.NaN, to = from, step = 1] = parts;
  const fits =
    (parts.length === 1 || parts.length === 3) && 0 <= from && from <= to && to <= 1 && step > 0 && step <= 1;
  const n = Math.floor((to - from) / step + 1e-9) + 1;
  if (!fits || n > 1001)
    throw new InvalidArgumentError('It must be one ratio in [0, 1], or from:to:step within it, such as 0:1:0.1');
  // Rounded, so that 0.1 · 3 is 0.3 in records and tables.
  return Array.from({ length: n }, (_, i) => Number((from + i * step).toFixed(6)));
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
