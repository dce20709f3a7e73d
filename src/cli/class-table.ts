import { printable } from '../label/index.js';
import { classResults, type Mistake, majority, NONE, sum } from '../measure/index.js';
import type { Evaluation } from '../run/index.js';
import { grouped, percent, table } from './format.js';

/** What a test is read by. */
export interface TestedClasses {
  readonly classes: readonly string[];
  readonly trainCounts: readonly number[];
}

const MOST = 24; // classes that are shown without being asked for

const whole = (share: number | null): string => (share === null ? NONE : `${(100 * share).toFixed(1)} %`);

/**
 * How every class does, the largest first; of many classes the smallest, unless all are asked
 * for. `tested`: only those with images.
 */
export const classTable = (
  { confusion }: Pick<Evaluation, 'confusion'>,
  of: TestedClasses,
  { all = false, tested = false }: { all?: boolean; tested?: boolean } = {},
): string => {
  const results = classResults(confusion, of).filter(({ testImages }) => !tested || testImages > 0);
  const shown = all || results.length <= MOST ? results : results.slice(-MOST);
  const left = results.length - shown.length;
  const rows = shown.map(({ name, group, trainImages, right, testImages, recall, interval, precision }) => [
    name,
    grouped(trainImages),
    `${grouped(right)} of ${grouped(testImages)}`,
    whole(recall),
    interval === null ? NONE : `${(100 * interval[0]).toFixed(1)} to ${(100 * interval[1]).toFixed(1)}`,
    whole(precision),
    group,
  ]);
  const heading = ['class', 'trained on', 'right', 'recall', '95 % interval', 'precision', ''];
  return (
    table([heading, ...rows], { right: [1, 2, 3, 4, 5] }) +
    (left === 0 ? '' : `\nthe ${left} larger classes are left out; \`tailnas evaluate\` has all`)
  );
};

/** Mistakes in words: `412 of 1,000 "truck" are taken for "automobile"`. */
export const mistakesText = (mistakes: readonly Mistake[]): string =>
  mistakes.length === 0
    ? 'no test image is mistaken'
    : `largest mistakes, by share of the class\n${mistakes
        .map(
          ({ from, to, images, of }) =>
            `  ${grouped(images)} of ${grouped(of)} "${printable(from)}" taken for "${printable(to)}"`,
        )
        .join('\n')}`;

/** What always answering the largest class would score: a result has to be above it. */
export const majorityRow = (evaluation: Evaluation, of: TestedClasses): [string, string] => {
  const { name, accuracy, meanPerClassAccuracy } = majority(evaluation, of);
  return [`always "${printable(name)}"`, `${percent(accuracy)}, per class ${percent(meanPerClassAccuracy)}`];
};

/** Images of the test by class. */
export const testCounts = ({ confusion }: Pick<Evaluation, 'confusion'>): number[] => confusion.map((row) => sum(row));
