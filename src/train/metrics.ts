/** Rows: true class; columns: predicted class; entries: images. */
export type Confusion = readonly (readonly number[])[];

export interface Scores {
  readonly accuracy: number;
  /** Mean of the per-class accuracies: every class counts the same, however rare. */
  readonly meanPerClassAccuracy: number;
  /** null for a class without images. */
  readonly perClassAccuracy: readonly (number | null)[];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Accuracies, as fractions, from a confusion matrix. */
export const scores = (confusion: Confusion): Scores => {
  const perClassAccuracy = confusion.map((row, c) => (sum(row) === 0 ? null : (row[c] ?? 0) / sum(row)));
  return {
    accuracy: sum(confusion.map((row, c) => row[c] ?? 0)) / sum(confusion.map(sum)),
    meanPerClassAccuracy: mean(perClassAccuracy.filter((a) => a !== null)),
    perClassAccuracy,
  };
};

/**
 * Mean accuracy of the classes with many (> 100), a medium number (20 to 100) and few (< 20) training images, the long-tail
 * literature's groups; null for a group that no class is in.
 */
export const shotGroups = (
  perClassAccuracy: readonly (number | null)[],
  trainCounts: readonly number[],
): { many: number | null; medium: number | null; few: number | null } => {
  const group = (belongs: (count: number) => boolean): number | null => {
    const members = perClassAccuracy.filter((a, c): a is number => a !== null && belongs(trainCounts[c] ?? 0));
    return members.length === 0 ? null : mean(members);
  };
  return { many: group((n) => n > 100), medium: group((n) => n >= 20 && n <= 100), few: group((n) => n < 20) };
};
