import { Command, Option } from 'commander';
import { type Evaluation, openRun } from '../run/index.js';
import { reopen, requireCheckpoint } from '../session/index.js';
import { listing, table } from './format.js';
import { priorFor, priorOption } from './prior.js';
import { runDisplay, silent } from './progress.js';
import { answerRows, confusionRows, evaluationRows, genotypeRows, perClassRows, priorsText } from './summary.js';
import { mixingList, UsageError } from './usage.js';

export const command = (): Command =>
  new Command('evaluate')
    .description("test a run's network, as its newest checkpoint has it, on the test images")
    .argument('<run>', 'the run folder; it may still be running')
    .addOption(
      new Option(
        '--mixing <m or from:to:step>',
        'test-time mixing: one ratio, or a sweep of which the best on the validation images is taken ' +
          '(default: 0:1:0.1; 0 for a run without validation images)',
      ).argParser(mixingList),
    )
    .addOption(priorOption())
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText(
      'after',
      '\nExamples:\n  $ tailnas evaluate runs/darts-20260102-030405 --json\n' +
        '  $ tailnas evaluate runs/hls-20260102-030405 --mixing 0:1:0.1\n' +
        '  $ tailnas evaluate runs/darts-20260102-030405 --prior uniform',
    )
    .action(async (run: string, flags: { mixing?: number[]; prior?: string; json?: true; quiet?: true }) => {
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
      const reopened = await reopen(folder, { onDataProgress: display.onData });
      for (const text of reopened.notices) display.on({ type: 'notice', text });
      const { dataset } = reopened;
      const live = reopened.live();
      const pass = live.evaluate({ at: flags.mixing?.map((mixing) => ({ mixing })), prior });
      let next = await pass.next();
      for (; !next.done; next = await pass.next()) display.on({ type: 'test', ...next.value });
      display.end();
      const trainCounts = dataset.counts.train;
      const evaluation = next.value;
      const genotypes = live.genotypes();
      live.dispose();
      if (flags.json) process.stdout.write(`${JSON.stringify({ run, prior, evaluation, genotypes })}\n`);
      else
        process.stdout.write(
          `${[
            listing([
              ...evaluationRows(evaluation, { trainCounts, prior, asked: flags.mixing !== undefined }),
              ...genotypeRows(genotypes),
            ]),
            ...priorsText(evaluation),
            table(perClassRows(evaluation, { classes: dataset.classes, trainCounts }), { right: [1, 2] }),
            ...answersTable(evaluation),
            ...confusionTable(evaluation, dataset.classes),
          ].join('\n\n')}\n`,
        );
    });

const answersTable = ({ answers }: Evaluation): string[] =>
  answers === null ? [] : [`at every setting\n${table(answerRows(answers), { right: [0, 1, 2, 3] })}`];

const MOST_CLASSES = 20;

const confusionTable = ({ confusion }: Evaluation, classes: readonly string[]): string[] =>
  classes.length > MOST_CLASSES
    ? []
    : [
        `true class by row, answer by column, in images\n${table(confusionRows(confusion, classes), {
          right: [...classes.keys()].map((c) => c + 1),
        })}`,
      ];
