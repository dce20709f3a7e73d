import { type Confusion, type Evaluation, rankOrder } from '../run/index.js';
import { sum, Z975 } from './statistics.js';

/** How one class does in the test. Shares are null where there is nothing to divide by. */
export interface ClassResult {
  readonly name: string;
  /** By rank of training images: the largest 30 % of the classes, the smallest 30 %, and those between. */
  readonly group: 'head' | 'middle' | 'tail';
  readonly trainImages: number;
  readonly testImages: number;
  /** Of the class's test images, those that are answered with it. */
  readonly right: number;
  /** Share of its images that are found. */
  readonly recall: number | null;
  /** Share of the answers with its name that are right. */
  readonly precision: number | null;
  /** Of the recall, 95 %, over test images (Wilson 1927). */
  readonly interval: readonly [low: number, high: number] | null;
}

/** Wilson's 95 % interval of a share: right also near 0 and 1, and for few images. null where there are none. */
export const wilson = (right: number, of: number): readonly [low: number, high: number] | null => {
  if (of === 0) return null;
  const [p, z2] = [right / of, Z975 * Z975];
  const center = (p + z2 / (2 * of)) / (1 + z2 / of);
  const half = (Z975 / (1 + z2 / of)) * Math.sqrt((p * (1 - p)) / of + z2 / (4 * of * of));
  return [Math.max(0, center - half), Math.min(1, center + half)];
};

/** The result of every class, the largest in training first. */
export const classResults = (
  confusion: Confusion,
  { classes, trainCounts }: { classes: readonly string[]; trainCounts: readonly number[] },
): ClassResult[] => {
  const { head, middle, tail } = rankOrder(trainCounts);
  const answered = classes.map((_, c) => sum(confusion.map((row) => row[c] ?? 0)));
  const groups = [
    ...head.map((c) => [c, 'head'] as const),
    ...middle.map((c) => [c, 'middle'] as const),
    ...tail.map((c) => [c, 'tail'] as const),
  ];
  return groups.map(([c, group]) => {
    const right = confusion[c]?.[c] ?? 0;
    const testImages = sum(confusion[c] ?? []);
    const answers = answered[c] ?? 0;
    return {
      name: classes[c] ?? String(c),
      group,
      trainImages: trainCounts[c] ?? 0,
      testImages,
      right,
      recall: testImages === 0 ? null : right / testImages,
      precision: answers === 0 ? null : right / answers,
      interval: wilson(right, testImages),
    };
  });
};

/** Test images of one class that are answered with another. */
export interface Mistake {
  readonly from: string;
  readonly to: string;
  readonly images: number;
  readonly of: number;
}

/** The most frequent mistakes, by share of the class that they are made on; classes count alike, however rare. */
export const largestMistakes = (
  confusion: Confusion,
  { classes, most = 5 }: { classes: readonly string[]; most?: number },
): Mistake[] =>
  confusion
    .flatMap((row, c) => {
      const of = sum(row);
      return row.flatMap((images, to) =>
        to === c || images === 0 ? [] : [{ from: classes[c] ?? '', to: classes[to] ?? '', images, of }],
      );
    })
    .toSorted((a, b) => b.images / b.of - a.images / a.of || b.images - a.images)
    .slice(0, most);

/** What would be right if the answer were always the class with most training images. */
export const majority = (
  { confusion }: Pick<Evaluation, 'confusion'>,
  { classes, trainCounts }: { classes: readonly string[]; trainCounts: readonly number[] },
): { readonly name: string; readonly accuracy: number; readonly meanPerClassAccuracy: number } => {
  const largest = trainCounts.indexOf(Math.max(...trainCounts));
  const tested = confusion.map(sum);
  const withImages = tested.filter((n) => n > 0).length;
  return {
    name: classes[largest] ?? '',
    accuracy: (tested[largest] ?? 0) / sum(tested),
    meanPerClassAccuracy: (tested[largest] ?? 0) > 0 ? 1 / withImages : 0,
  };
};

/**
 * Whether classes have so unlike numbers of test images that plain accuracy is of the large ones: then the mean per
 * class is what counts.
 */
export const isImbalanced = (testCounts: readonly number[]): boolean => {
  const present = testCounts.filter((n) => n > 0);
  return Math.max(...present) > 1.5 * Math.min(...present);
};
