import { Command, Option } from 'commander';
import { printable } from '../label/index.js';
import type { NamedPrior } from '../loop/index.js';
import { classResults, largestMistakes } from '../measure/index.js';
import { type Evaluation, type Genotypes, openRun, type RunFolder } from '../run/index.js';
import { evaluateOn, reopen, requireCheckpoint } from '../session/index.js';
import { classTable, mistakesText } from './class-table.js';
import { listing, plural, table } from './format.js';
import { unknownText } from './known-labels.js';
import { priorFor, priorOption } from './prior.js';
import { type RunDisplay, runDisplay, silent } from './progress.js';
import { answerRows, confusionRows, evaluationRows, genotypeRows, priorsText } from './summary.js';
import { mixingList, UsageError } from './usage.js';

interface Flags {
  readonly mixing?: number[];
  readonly prior?: string;
  readonly data?: string;
  readonly json?: true;
  readonly quiet?: true;
}

export const command = (): Command =>
  new Command('evaluate')
    .description("test a run's network (its newest checkpoint) on its test images, or on others")
    .argument('<run>', 'the run folder; it may still be running')
    .addOption(
      new Option(
        '--mixing <m or from:to:step>',
        'test-time mixing: one ratio, or a sweep that takes the best on the validation images ' +
          '(default: 0:1:0.1; 0 for a run without validation images)',
      ).argParser(mixingList),
    )
    .addOption(priorOption())
    .option(
      '--data <name or path>',
      'other labelled images to test on, a folder or an archive; the data of the run are then not needed',
    )
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas evaluate runs/darts-20260102-030405 --json
  $ tailnas evaluate runs/hls-20260102-030405 --mixing 0:1:0.1
  $ tailnas evaluate runs/darts-20260102-030405 --prior uniform
  $ tailnas evaluate runs/train-hls-20260102-030405 --data ~/new-birds

With --data only the run folder and the new images are needed. Of a folder the part test is used, else val, else train,
else its class folders. Images are read and normalised as in training, and classes match by name.
Images that cannot be read and classes that the run does not know are named and left out; the exit code is then 1.`,
    )
    .action(async (run: string, flags: Flags) => {
      const display = flags.quiet ? silent : runDisplay();
      const folder = openRun(run);
      requireCheckpoint(folder, `Cannot evaluate ${run}`);
      const mixes = folder.info.experiment.phases.some(({ knobs }) => 'mixing' in knobs);
      if (flags.mixing !== undefined && !mixes)
        throw new UsageError(`--mixing needs a run with two branches: ${run} is of ${folder.info.name}, which has one`);
      const prior = flags.prior === undefined ? undefined : priorFor(flags.prior, folder.info.data);
      if ((flags.mixing?.length ?? 0) > 1 && folder.info.data.counts.valid.every((n) => n === 0))
        throw new UsageError(
          `--mixing must be one ratio for ${run}: it has no validation images (--split all) to choose among several by`,
        );
      if (flags.data !== undefined) return onOther(folder, { spec: flags.data, flags, prior, display });
      const reopened = await reopen(folder, {
        onDataProgress: display.onData,
        action: 'evaluate',
        remedy: 'restore the data, or test on other labelled images with --data <folder>',
      });
      for (const text of reopened.notices) display.on({ type: 'notice', text });
      const live = reopened.live();
      const evaluation = await shown(
        live.evaluate({ at: flags.mixing?.map((mixing) => ({ mixing })), prior }),
        display,
      );
      const genotypes = live.genotypes();
      live.dispose();
      if (flags.json)
        process.stdout.write(
          `${JSON.stringify({ run, prior, evaluation, classes: classesJson(folder, evaluation), genotypes })}\n`,
        );
      else print(folder, { evaluation, genotypes, prior, chosen: flags.mixing && 'as asked' });
    });

/** Shows how far a test is, to its end. */
const shown = async <T>(
  pass: AsyncGenerator<{ done: number; total: number }, T>,
  display: Pick<RunDisplay, 'on' | 'end'>,
): Promise<T> => {
  let next = await pass.next();
  for (; !next.done; next = await pass.next()) display.on({ type: 'test', ...next.value });
  display.end();
  return next.value;
};

/** Tests a run on other images than its own. */
const onOther = async (
  folder: RunFolder,
  { spec, flags, prior, display }: { spec: string; flags: Flags; prior: NamedPrior | undefined; display: RunDisplay },
): Promise<void> => {
  const { path: run, info } = folder;
  const { classes } = info.data;
  const [mixing, another] = flags.mixing ?? [];
  if (another !== undefined)
    throw new UsageError('--mixing must be one ratio with --data: other data have no validation images to choose by');
  const at = mixing === undefined ? undefined : { mixing };
  const tested = await shown(evaluateOn(run, spec, { at, prior, onDataProgress: display.onData }), display);
  const { evaluation, genotypes, counts, from, unknown, failures, leftOut } = tested;
  const images = counts.reduce((sum, n) => sum + n, 0);
  const missing = classes.filter((_, c) => counts[c] === 0);
  const notices = [
    `tests on ${plural(images, 'image')} of ${from}`,
    ...(missing.length === 0 ? [] : [`it has no images of ${missing.join(', ')}`]),
    ...(leftOut.length === 0 ? [] : [`left out ${plural(leftOut.length, 'file')} that by name are no images`]),
  ];
  for (const text of notices) display.on({ type: 'notice', text: printable(text) });
  const problems = [
    ...failures.map(({ file, reason }) => `${file} is left out: ${reason}`),
    ...unknown.map((one) => unknownText(one, { classes, done: 'left out' })),
  ];
  for (const text of problems) process.stderr.write(`error: ${printable(text)}\n`);
  if (problems.length > 0) process.exitCode = 1;
  const data = { spec, from, counts, unknown, failures };
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ run, data, prior, evaluation, classes: classesJson(folder, evaluation), genotypes })}\n`,
    );
  else {
    const why = folder.readEvaluation() === undefined ? 'the first of its settings' : 'as its own evaluation is';
    print(folder, { evaluation, genotypes, prior, chosen: mixing === undefined ? why : 'as asked' });
  }
};

const testedClasses = ({ info: { data } }: Pick<RunFolder, 'info'>) => ({
  classes: data.classes,
  trainCounts: data.counts.train,
});

const classesJson = (folder: Pick<RunFolder, 'info'>, { confusion }: Evaluation) =>
  classResults(confusion, testedClasses(folder));

/** Prints all that a test came to. */
const print = (
  folder: Pick<RunFolder, 'info'>,
  {
    evaluation,
    genotypes,
    prior,
    chosen,
  }: {
    evaluation: Evaluation;
    genotypes: Genotypes;
    prior: NamedPrior | undefined;
    chosen: string | undefined;
  },
): void => {
  const of = testedClasses(folder);
  process.stdout.write(
    `${[
      listing([...evaluationRows(evaluation, { ...of, prior, chosen }), ...genotypeRows(genotypes)]),
      ...priorsText(evaluation),
      classTable(evaluation, of, { all: true }),
      mistakesText(largestMistakes(evaluation.confusion, of)),
      ...answersTable(evaluation),
      ...confusionTable(evaluation, of.classes),
    ].join('\n\n')}\n`,
  );
};

const answersTable = ({ answers, at }: Evaluation): string[] =>
  answers === null ? [] : [`at every setting\n${table(answerRows(answers, at), { right: [0, 1, 2, 3] })}`];

const MOST_CLASSES = 20;

const confusionTable = ({ confusion }: Evaluation, classes: readonly string[]): string[] =>
  classes.length > MOST_CLASSES
    ? []
    : [
        `true class by row, answer by column, in images\n${table(confusionRows(confusion, classes), {
          right: [...classes.keys()].map((c) => c + 1),
        })}`,
      ];
