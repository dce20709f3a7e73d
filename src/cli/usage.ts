import { InvalidArgumentError } from 'commander';

/** Wrong words on the command line: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

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

/** A reader of words for commander: what it refuses with a RangeError is an invalid argument. */
export const argument =
  <T>(read: (word: string) => T) =>
  (word: string): T => {
    try {
      return read(word);
    } catch (error) {
      if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
