import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { loadRuns, measureClaims, resultRows, sensitivityOf, withoutCommon } from '../measure/index.js';
import { markdown, reportPage } from '../page/index.js';
import { writeAtomic } from '../run/atomic.js';

export const command = (): Command =>
  new Command('report')
    .description('make one HTML page of runs: tables, figures, cells, and how to repeat them')
    .argument('<run...>', 'run folders on the same data with the same settings; they may still be running')
    .option(
      '--out <file>',
      'where the page goes (default: report.html; with --markdown no page is written unless named)',
    )
    .option('--title <text>', 'heading of the page')
    .addOption(new Option('--json', 'print the tables of results and claims as JSON').conflicts('markdown'))
    .option('--markdown', 'print the tables of results and claims as Markdown')
    .addHelpText('after', '\nExample:\n  $ tailnas report runs/darts-* runs/hls-* --out darts-and-hls.html')
    .action(async (paths: readonly string[], flags: { out?: string; title?: string; json?: true; markdown?: true }) => {
      const { runs: loaded, unreadable } = loadRuns(paths);
      const runs = withoutCommon(loaded);
      for (const { problems } of unreadable) process.stderr.write(`left out: ${problems.join('; ')}\n`);
      const out = flags.out ?? (flags.markdown ? undefined : 'report.html');
      if (out !== undefined) {
        const page = await reportPage(runs, {
          command: ['tailnas', ...process.argv.slice(2)],
          unreadable,
          ...(flags.title === undefined ? {} : { title: flags.title }),
        });
        mkdirSync(dirname(out), { recursive: true });
        writeAtomic(out, page);
      }
      const json = () =>
        JSON.stringify({
          report: out,
          rows: resultRows(runs),
          claims: measureClaims(runs),
          sensitivity: sensitivityOf(runs),
        });
      process.stdout.write(`${flags.json ? json() : flags.markdown ? markdown(runs) : out}\n`);
    });
