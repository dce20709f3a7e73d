import { InvalidArgumentError } from 'commander';

/** Wrong words on the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Edits (insert, delete, replace, swap neighbours) between two words. */
const distance = (a: string, b: string): number => {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : i)),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const least = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + same,
        swapped ? at(i - 2, j - 2) + 1 : Infinity,
      );
      const row = rows[i];
      if (row !== undefined) row[j] = least;
    }
  return at(a.length, b.length);
};

/** The known word that was probably meant. */
export const nearest = (word: string, known: readonly string[]): string | undefined =>
  [...known].sort((a, b) => distance(word, a) - distance(word, b))[0];

/** Checks that a word is one of a few, and says which it may have been. */
export const oneOf =
  <T extends string>(what: string, known: readonly T[]) =>
  (word: string): T => {
    const found = known.find((k) => k === word);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(
      `Unknown ${what} "${word}": did you mean "${nearest(word, known)}"? (one of ${known.join(', ')})`,
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
