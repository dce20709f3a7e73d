/** Rows: true class; columns: predicted class; entries: images. */
export type Confusion = readonly (readonly number[])[];

export interface Scores {
  /** Mean of the per-class accuracies: every class counts the same, however rare. */
  readonly meanPerClassAccuracy: number;
  readonly accuracy: number;
  /** null for a class without images. */
  readonly perClassAccuracy: readonly (number | null)[];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Accuracies, as fractions, from a confusion matrix. */
export const scores = (confusion: Confusion): Scores => {
  const perClassAccuracy = confusion.map((row, c) => (sum(row) === 0 ? null : (row[c] ?? 0) / sum(row)));
  return {
    meanPerClassAccuracy: mean(perClassAccuracy.filter((a) => a !== null)),
    accuracy: sum(confusion.map((row, c) => row[c] ?? 0)) / sum(confusion.map(sum)),
    perClassAccuracy,
  };
};

const groupMean = (
  perClassAccuracy: readonly (number | null)[],
  belongs: (classIndex: number) => boolean,
): number | null => {
  const members = perClassAccuracy.filter((a, c): a is number => a !== null && belongs(c));
  return members.length === 0 ? null : mean(members);
};

/**
 * Mean accuracy of the classes with many (> 100), a medium number (20 to 100) and few (< 20) training images, the
 * long-tail literature's groups; null for a group that no class is in.
 */
export const shotGroups = (
  perClassAccuracy: readonly (number | null)[],
  trainCounts: readonly number[],
): { many: number | null; medium: number | null; few: number | null } => {
  const group = (belongs: (count: number) => boolean) =>
    groupMean(perClassAccuracy, (c) => belongs(trainCounts[c] ?? 0));
  return { many: group((n) => n > 100), medium: group((n) => n >= 20 && n <= 100), few: group((n) => n < 20) };
};

const RANK_SHARE = 0.3;

/**
 * Classes from most to fewest training images, in three groups of about 30, 40 and 30 % of the classes: 3, 4, 3 of ten.
 * Indices into `trainCounts`.
 */
export const rankOrder = (trainCounts: readonly number[]): { head: number[]; middle: number[]; tail: number[] } => {
  const order = [...trainCounts.keys()].sort((a, b) => (trainCounts[b] ?? 0) - (trainCounts[a] ?? 0));
  const outer = Math.round(RANK_SHARE * order.length);
  return {
    head: order.slice(0, outer),
    middle: order.slice(outer, order.length - outer),
    tail: order.slice(order.length - outer),
  };
};

/** Mean accuracy of the largest, middle and smallest classes (`rankOrder`), whatever their counts. */
export const rankGroups = (
  perClassAccuracy: readonly (number | null)[],
  trainCounts: readonly number[],
): { head: number | null; middle: number | null; tail: number | null } => {
  const { head, middle, tail } = rankOrder(trainCounts);
  const group = (members: readonly number[]) => groupMean(perClassAccuracy, (c) => members.includes(c));
  return { head: group(head), middle: group(middle), tail: group(tail) };
};

/** The answer that does best by mean per-class accuracy, the first such on a tie. Throws when there is none. */
export const bestAnswer = <T extends { readonly meanPerClassAccuracy: number }>(answers: readonly T[]): T => {
  const best = answers.toSorted((a, b) => b.meanPerClassAccuracy - a.meanPerClassAccuracy)[0];
  if (best === undefined) throw new RangeError('Cannot choose an answer: there must be at least 1, got none');
  return best;
};
