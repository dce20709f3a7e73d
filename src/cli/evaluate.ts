import { Command } from 'commander';
import { recipes } from '../recipes/index.js';
import { openRun } from '../run/index.js';
import { evaluationOf, recipeOf, reopen } from '../train/index.js';
import { listing, table } from './format.js';
import { runDisplay, silent } from './progress.js';
import { evaluationRows, genotypeRows, perClassRows } from './summary.js';

export const evaluateCommand = (): Command =>
  new Command('evaluate')
    .description("test a run's network, as its newest checkpoint has it, on the test images")
    .argument('<run>', 'the run folder; it may still be running')
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText('after', '\nExample:\n  $ tailnas evaluate runs/darts-20260102-030405 --json')
    .action(async (run: string, flags: { json?: true; quiet?: true }) => {
      const display = flags.quiet ? silent : runDisplay();
      const folder = openRun(run);
      if (folder.checkpoints.list().length === 0)
        throw new Error(`Cannot evaluate ${run}: it must have a checkpoint, it has none yet; wait for its first epoch`);
      const { dataset, live, notices } = await reopen(folder, recipeOf(folder.info, recipes), {
        onDataProgress: display.onData,
      });
      for (const text of notices) display.onEvent({ type: 'notice', text });
      const pass = live.test();
      let next = await pass.next();
      for (; !next.done; next = await pass.next())
        display.onEvent({ type: 'test', done: next.value, total: dataset.test.labels.length });
      display.end();
      const trainCounts = dataset.counts.train;
      const evaluation = evaluationOf(next.value, trainCounts);
      const genotypes = live.genotypes();
      live.dispose();
      if (flags.json) process.stdout.write(`${JSON.stringify({ run, evaluation, genotypes })}\n`);
      else
        process.stdout.write(
          `${[
            listing([...evaluationRows(evaluation, { trainCounts }), ...genotypeRows(genotypes)]),
            table(perClassRows(evaluation, { classes: dataset.classes, trainCounts }), { right: [1, 2] }),
          ].join('\n\n')}\n`,
        );
    });
