import { Rng } from './rng.js';

/** The positions of every class, in ascending order. */
export const indicesByClass = (labels: Uint16Array, classes: number): number[][] => {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (const [index, label] of labels.entries()) members[label]?.push(index);
  return members;
};

/** How many of a class's `count` images are held out: its share, but at least one on each side. */
export const heldCount = (count: number, share: number): number => {
  if (!(share > 0 && share < 1))
    throw new Error(`Cannot split data: the share held out must be between 0 and 1, got ${share}; 0.2 is usual`);
  return Math.min(count - 1, Math.max(1, Math.round(count * share)));
};

/**
 * Chooses `counts[c]` images of every class and deals them into two sets, class by class, so that both look alike:
 * `held` gets `heldCount` of them (validation, test), `rest` the others. Indices come back in ascending order.
 * `spare` are the images of each class that were not chosen, in the order in which they would have been. Each
 * class has its own random stream, so what one class keeps does not depend on the others, and a smaller count keeps a
 * subset.
 */
export const splitClasses = (
  labels: Uint16Array,
  { counts, share, seed, stream }: { counts: readonly number[]; share: number; seed: number; stream: string },
): { rest: Uint32Array; held: Uint32Array; spare: Uint32Array[] } => {
  const rest: number[] = [];
  const held: number[] = [];
  const spare: Uint32Array[] = [];
  const members = indicesByClass(labels, counts.length);
  for (const [c, count] of counts.entries()) {
    const all = new Rng(seed, `${stream}/${c}`).shuffle(Uint32Array.from(members[c] ?? []));
    const chosen = all.subarray(0, count);
    spare.push(all.subarray(count));
    const border = heldCount(count, share);
    held.push(...chosen.subarray(0, border));
    rest.push(...chosen.subarray(border));
  }
  return { rest: Uint32Array.from(rest).sort(), held: Uint32Array.from(held).sort(), spare };
};
