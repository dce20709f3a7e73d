import type { EpochRecord, Evaluation, RunInfo } from './record.js';
import { type Confusion, rankGroups, type Scores, scores, shotGroups } from './scores.js';

const CLOSE = 1e-9;
type Accuracy = number | null;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const same = (a: Accuracy, b: Accuracy): boolean => (a === null || b === null ? a === b : Math.abs(a - b) <= CLOSE);
const text = (value: Accuracy | undefined): string => (value === null ? 'none' : String(value));

/** `accuracy is 0.9, the confusion matrix gives 0.5`, for the first that differs. */
const unlike = (
  its: Readonly<Record<string, Accuracy>>,
  { found, from }: { found: Readonly<Record<string, Accuracy>>; from: string },
): string | undefined => {
  const name = Object.keys(found).find((key) => !same(its[key] ?? null, found[key] ?? null));
  return name === undefined ? undefined : `${name} is ${text(its[name])}, ${from} gives ${text(found[name])}`;
};

const flat = ({ accuracy, meanPerClassAccuracy, perClassAccuracy }: Scores): Record<string, Accuracy> => ({
  accuracy,
  meanPerClassAccuracy,
  ...Object.fromEntries(perClassAccuracy.map((a, c) => [`perClassAccuracy.${c}`, a])),
});

/** What accuracies of classes come to where a split has so many images of each. */
const overall = (perClass: readonly Accuracy[], counts: readonly number[]): number =>
  sum(perClass.map((a, c) => (a ?? 0) * (counts[c] ?? 0))) / sum(counts);

const meanOf = (perClass: readonly Accuracy[]): number => {
  const known = perClass.filter((a) => a !== null);
  return sum(known) / known.length;
};

const isSquare = (confusion: Confusion, classes: number): boolean =>
  confusion.length === classes && confusion.every((row) => row.length === classes);

/** How an evaluation contradicts itself: its accuracies are those of its confusion matrix. */
export const evaluationProblem = (evaluation: Evaluation): string | undefined => {
  const { confusion, perClassAccuracy, answers } = evaluation;
  if (!isSquare(confusion, perClassAccuracy.length))
    return `its confusion matrix must have ${perClassAccuracy.length} rows and columns, one for each class`;
  const own = unlike(flat(evaluation), { found: flat(scores(confusion)), from: 'its confusion matrix' });
  if (own !== undefined) return own;
  for (const one of [...(answers?.valid ?? []), ...(answers?.test ?? [])]) {
    const { meanPerClassAccuracy, perClassAccuracy: perClass } = one;
    if (perClass.length !== perClassAccuracy.length || !same(meanPerClassAccuracy, meanOf(perClass)))
      return `meanPerClassAccuracy of its answers is ${meanPerClassAccuracy}, their classes give ${meanOf(perClass)}`;
  }
  return undefined;
};

/** How an evaluation contradicts the run that it is said to be of. */
export const resultProblem = (evaluation: Evaluation, { data }: Pick<RunInfo, 'data'>): string | undefined => {
  const { confusion, perClassAccuracy, shots, ranks, answers } = evaluation;
  const { train, valid, test } = data.counts;
  const images = confusion.map(sum);
  if (images.join() !== test.join())
    return `its confusion matrix is of ${images.join(', ')} images per class, run.json says ${test.join(', ')}`;
  const groups = { found: shotGroups(perClassAccuracy, train), from: 'its classes' };
  const by = unlike(shots, groups) ?? unlike(ranks, { ...groups, found: rankGroups(perClassAccuracy, train) });
  if (by !== undefined) return by;
  for (const [counts, all] of [
    [valid, answers?.valid ?? []],
    [test, answers?.test ?? []],
  ] as const)
    for (const { accuracy, perClassAccuracy: perClass } of all)
      if (!same(accuracy, overall(perClass, counts)))
        return `accuracy of its answers is ${accuracy}, their classes give ${overall(perClass, counts)}`;
  return undefined;
};

/** How a record contradicts the run that it is said to be of, where it is the one of that epoch. */
export const recordProblem = (
  { epoch, phase, validAccuracy, perClassAccuracy }: EpochRecord,
  { info: { experiment, data, adaptedFrom }, expected }: { info: RunInfo; expected: number },
): string | undefined => {
  const planned = sum(experiment.phases.map(({ epochs }) => epochs));
  if (epoch !== expected)
    return (
      `it must be of epoch ${expected}, it is of epoch ${epoch}: ` +
      (epoch > expected ? 'some are missing' : 'one is there twice')
    );
  if (epoch >= planned) return `it is of epoch ${epoch}, the run has ${planned}, counted from 0`;
  if (!experiment.phases.some(({ name }) => name === phase)) return `the run has no phase ${JSON.stringify(phase)}`;
  if (perClassAccuracy === null) return undefined;
  if (perClassAccuracy.length !== data.classes.length)
    return `it has accuracies of ${perClassAccuracy.length} classes, the run has ${data.classes.length}`;
  const { valid } = adaptedFrom !== undefined && epoch < adaptedFrom.epochs ? adaptedFrom : data.counts;
  return unlike({ validAccuracy }, { found: { validAccuracy: overall(perClassAccuracy, valid) }, from: 'its classes' });
};

/** How the records of a run contradict its result, which is there only when all epochs are done. */
export const endProblem = (
  { experiment }: Pick<RunInfo, 'experiment'>,
  { records, finished }: { records: number; finished: boolean },
): string | undefined => {
  const planned = sum(experiment.phases.map(({ epochs }) => epochs));
  const { stop = 'never' } = experiment.options; // a stop rule ends a phase early
  return finished && records < planned && stop === 'never'
    ? `it has a result, but records of ${records} epochs only, of ${planned}`
    : undefined;
};
