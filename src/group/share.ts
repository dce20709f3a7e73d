import type { Group } from './group.js';

/**
 * Where a process' share of so many images begins, and how many they are: all have as many, so that the mean of their
 * means is that of all. Throws a RangeError where they cannot.
 */
export const shareOf = (
  { rank, size }: Pick<Group, 'rank' | 'size'>,
  images: number,
): readonly [start: number, length: number] => {
  const length = images / size;
  if (!Number.isInteger(length) || length < 1) throw new RangeError(shareProblem({ size }, images));
  return [rank * length, length];
};

/** Why so many images cannot be shared by so many processes, with what to do. */
export const shareProblem = ({ size }: Pick<Group, 'size'>, images: number): string => {
  const least = Math.max(1, Math.round(images / size)) * size;
  return (
    `Cannot run as ${size} processes: each must have as many images of a batch, so --batch-size must be a multiple ` +
    `of ${size}, it is ${images}; use --batch-size ${least}, or another number of processes`
  );
};

/** Whether so many images can be shared by so many processes. */
export const canShare = ({ size }: Pick<Group, 'size'>, images: number): boolean =>
  images >= size && images % size === 0;
