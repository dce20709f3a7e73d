import { cellsOf } from '../figure/index.js';
import { commandText, isImbalanced, largestMistakes, sum } from '../measure/index.js';
import {
  bestAnswer,
  cellLines,
  type EpochRecord,
  type Evaluation,
  type Genotypes,
  listCells,
  type RunFolder,
  rankOrder,
} from '../run/index.js';
import { classTable, majorityRow, mistakesText, type TestedClasses, testCounts } from './class-table.js';
import { bytes, duration, listing, percent, plural, strong, table } from './format.js';

/** The pictures of a run's cells, if it has any. */
export const drawnCells = (run: string): string[] =>
  listCells(run)
    .filter((path) => path.endsWith('.svg'))
    .sort();

const ofClasses = (counts: readonly number[], belongs: (n: number) => boolean): string => {
  const n = counts.filter(belongs).length;
  return n === 0 ? '' : `  (${classCount(n)})`;
};

/** `mixing 0.3`: what a network was asked at. */
const setting = (at: Evaluation['at']): string =>
  Object.entries(at)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

const settingRows = (
  { at, answers }: Pick<Evaluation, 'at' | 'answers'>,
  { chosen = 'not chosen: there are no validation images' }: { chosen?: string | undefined },
): [string, string][] => {
  if (Object.keys(at).length === 0) return [];
  if (answers === null) return [['  at', `${setting(at)}, ${chosen}`]];
  // As the paper chooses: by plain accuracy.
  const flattered = bestAnswer(answers.test.map((s) => ({ ...s, meanPerClassAccuracy: s.accuracy })));
  return [
    ['  at', `${setting(at)}, best of ${answers.valid.length} on the validation images`],
    [
      '  best on the test itself',
      `${percent(flattered.accuracy)} at ${setting(flattered.at)} (optimistic: chosen on the test images)`,
    ],
  ];
};

/** Classes ordered by their training images, in three groups. */
const rankRows = (ranks: Evaluation['ranks'], trainCounts: readonly number[]): [string, string][] => {
  const order = rankOrder(trainCounts);
  return (['head', 'middle', 'tail'] as const).map((name) => {
    const members = order[name].map((c) => trainCounts[c] ?? 0);
    const range = members.length === 0 ? '' : `  (${classCount(members.length)} of ${spread(members)} images)`;
    return [`${name} classes`, percent(ranks[name]) + range];
  });
};

const classCount = (n: number): string => plural(n, 'class', 'classes');
const spread = (counts: readonly number[]): string => {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(most) : `${most} to ${least}`;
};

const priorRows = (prior: { readonly name: string } | undefined): [string, string][] =>
  prior === undefined ? [] : [['  logits adjusted to', priorName(prior.name)]];

/** What a run came to, as lines that line up. `chosen`: why at that setting, where no validation images chose it. */
export const evaluationRows = (
  evaluation: Evaluation,
  {
    classes,
    trainCounts,
    prior,
    chosen,
  }: TestedClasses & { prior?: { readonly name: string } | undefined; chosen?: string | undefined },
): [string, string][] => {
  const { accuracy, meanPerClassAccuracy, shots, ranks, at, answers } = evaluation;
  const plain = ['test accuracy', percent(accuracy)] as const;
  const perClass = ['mean per-class accuracy', percent(meanPerClassAccuracy)] as const;
  // Where the test is imbalanced, plain accuracy is that of its large classes.
  const [first, second] = isImbalanced(testCounts(evaluation)) ? [perClass, plain] : [plain, perClass];
  return [
    [first[0], strong(first[1])],
    ...priorRows(prior),
    ...settingRows({ at, answers }, { chosen }),
    [...second],
    majorityRow(evaluation, { classes, trainCounts }),
    ...rankRows(ranks, trainCounts),
    ['many-shot (> 100 images)', percent(shots.many) + ofClasses(trainCounts, (n) => n > 100)],
    ['medium-shot (20 to 100)', percent(shots.medium) + ofClasses(trainCounts, (n) => n >= 20 && n <= 100)],
    ['few-shot (< 20)', percent(shots.few) + ofClasses(trainCounts, (n) => n < 20)],
  ];
};

const PRIORS: Readonly<Record<string, string>> = {
  uniform: 'equally frequent classes',
  training: 'classes as frequent as in training',
};
const priorName = (name: string): string => PRIORS[name] ?? `classes as frequent as in ${name}`;

/** Which of the priors of an evaluation the network's logits assume. */
const assumedName = ({ assumed, tests }: NonNullable<Evaluation['priors']>): string => {
  const same = tests.find(({ prior }) => prior.every((share, c) => Math.abs(share - (assumed[c] ?? 0)) < 1e-9 * share));
  return same === undefined ? 'neither (--json has their prior)' : priorName(same.name);
};

/**
 * Where classes have other shares, another answer is right: accuracies to be expected, of the logits as they are and
 * adjusted.
 */
export const priorsText = ({ priors }: Pick<Evaluation, 'priors'>): string[] =>
  priors === undefined
    ? []
    : [
        `expected accuracy where test images have\n${table(
          [
            ['', 'logits as they are', 'adjusted to it'],
            ...priors.tests.map(({ name, unadjusted, adjusted }) => [
              priorName(name),
              percent(unadjusted),
              percent(adjusted),
            ]),
          ],
          { right: [1, 2] },
        )}\nThe logits assume ${assumedName(priors)}: by the loss and the batches that they were trained with.`,
      ];

/** Accuracy at every setting, on both splits; the one at `chosen` is marked. */
export const answerRows = (
  { valid, test }: NonNullable<Evaluation['answers']>,
  chosen: Evaluation['at'],
): string[][] => {
  return [
    ['setting', 'validation, mean per class', 'test accuracy', ''],
    ...test.map(({ at, accuracy }, i) => [
      setting(at),
      percent(valid[i]?.meanPerClassAccuracy ?? null),
      percent(accuracy),
      setting(at) === setting(chosen) ? '← chosen' : '',
    ]),
  ];
};

/** The confusion matrix with its classes named. */
export const confusionRows = (confusion: Evaluation['confusion'], classes: readonly string[]): string[][] => [
  ['', ...classes],
  ...confusion.map((row, c) => [classes[c] ?? '', ...row.map(String)]),
];

/** The cells that were found, a row per node, named as in their pictures. */
export const genotypeRows = (genotypes: Genotypes): [string, string][] =>
  cellsOf(genotypes).flatMap(({ component, kind, cell }) =>
    cellLines(cell).map((line, i): [string, string] => [i === 0 ? `${component}, ${kind} cell` : '', line]),
  );

const costRows = (records: readonly EpochRecord[]): [string, string][] => {
  const seconds = sum(records.map((r) => r.seconds));
  const peak = Math.max(...records.map((r) => r.peakMemoryBytes));
  return records.length === 0 ? [] : [['time and memory', `${duration(seconds)}, ${bytes(peak)} at most`]];
};

/** What a search's accuracy is of: not of a network that anyone would use. */
export const SUPERNET = 'of the supernet, not of the network found, which is not trained yet';

const supernetRow = (kind: string): [string, string][] => (kind === 'search' ? [['', SUPERNET]] : []);

/** What to type next. */
export const nextText = ({ path, info }: Pick<RunFolder, 'path' | 'info'>): string =>
  info.experiment.kind === 'search'
    ? `next: ${commandText(['tailnas', 'train', path])}`
    : `next: ${commandText(['tailnas', 'predict', path])} <images>\n` +
      `      ${commandText(['tailnas', 'export', path, '--onnx', 'model.onnx'])}`;

/** The whole summary of a finished run. */
export const summary = (
  evaluation: Evaluation,
  {
    folder,
    genotypes,
    cells,
  }: { folder: Pick<RunFolder, 'path' | 'info' | 'records'>; genotypes: Genotypes; cells: readonly string[] },
): string => {
  const { classes, counts } = folder.info.data;
  const of = { classes, trainCounts: counts.train };
  const [first, ...others] = evaluationRows(evaluation, of);
  const rows = listing([
    ...(first === undefined ? [] : [first]),
    ...supernetRow(folder.info.experiment.kind),
    ...others,
    ...genotypeRows(genotypes),
    ...costRows(folder.records()),
    ['run folder', folder.path],
    ...cells.map((file, i): [string, string] => [i === 0 ? 'cells (also as .png)' : '', file]),
  ]);
  const mistakes = mistakesText(largestMistakes(evaluation.confusion, of));
  return [rows, classTable(evaluation, of), mistakes, ...priorsText(evaluation), nextText(folder)].join('\n\n');
};
