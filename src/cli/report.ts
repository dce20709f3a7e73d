import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { printable } from '../label/index.js';
import {
  bestOf,
  comparedNetworks,
  fitResults,
  loadFit,
  loadRuns,
  measureClaims,
  resultRows,
  searchHelped,
  sensitivityOf,
  withoutCommon,
} from '../measure/index.js';
import { fitLatex, fitMarkdown, fitPage, latex, markdown, type PageOptions, reportPage } from '../page/index.js';
import { writeAtomic } from '../run/atomic.js';
import { isFit, runsBelow } from '../run/index.js';

interface Flags {
  readonly out?: string;
  readonly title?: string;
  readonly json?: true;
  readonly markdown?: true;
  readonly latex?: true;
}

/** What a report is made of: each part only where it is asked for. */
interface Report {
  page(options: PageOptions): Promise<string>;
  json(): Readonly<Record<string, unknown>>;
  markdown(): string;
  latex(): string;
}

const ofFit = (path: string): Report => {
  const fit = loadFit(path);
  const results = fitResults(fit);
  return {
    page: (options) => fitPage(fit, options),
    json: () => ({
      best: results.length === 0 ? null : bestOf(results).name,
      networks: comparedNetworks(results).map(({ result, ...line }) => ({ ...line, run: result?.run.path ?? null })),
      searchHelped: searchHelped(results),
    }),
    markdown: () => fitMarkdown(fit),
    latex: () => fitLatex(fit),
  };
};

const ofRuns = (paths: readonly string[]): Report => {
  const { runs: loaded, unreadable } = loadRuns(paths.flatMap(runsBelow));
  const runs = withoutCommon(loaded);
  for (const { problems } of unreadable) process.stderr.write(`left out: ${printable(problems.join('; '))}\n`);
  return {
    page: (options) => reportPage(runs, { ...options, unreadable }),
    json: () => ({ rows: resultRows(runs), claims: measureClaims(runs), sensitivity: sensitivityOf(runs) }),
    markdown: () => markdown(runs),
    latex: () => latex(runs),
  };
};

export const command = (): Command =>
  new Command('report')
    .description('make one HTML page of runs: tables, figures, cells, and how to repeat them')
    .argument(
      '<run...>',
      'the folder of a fit; or run folders on the same data with the same settings; they may still be running',
    )
    .option('--out <file>', 'file of the page (default: report.html; with --markdown or --latex none)')
    .option('--title <text>', 'heading of the page')
    .addOption(new Option('--json', 'print the tables of results and claims as JSON').conflicts(['markdown', 'latex']))
    .addOption(new Option('--markdown', 'print the tables of results and claims as Markdown').conflicts('latex'))
    .option('--latex', 'print the same tables as LaTeX, with the rules of booktabs')
    .addHelpText(
      'after',
      '\nExamples:\n  $ tailnas report runs/darts-* runs/hls-* --out darts-and-hls.html\n  $ tailnas report birds-fit',
    )
    .action(async (paths: readonly string[], flags: Flags) => {
      const [only, ...others] = paths;
      const report = only !== undefined && others.length === 0 && isFit(only) ? ofFit(only) : ofRuns(paths);
      const out = flags.out ?? (flags.markdown || flags.latex ? undefined : 'report.html');
      if (out !== undefined) {
        const page = await report.page({
          command: ['tailnas', ...process.argv.slice(2)],
          ...(flags.title === undefined ? {} : { title: flags.title }),
        });
        mkdirSync(dirname(out), { recursive: true });
        writeAtomic(out, page);
      }
      const text = flags.json
        ? JSON.stringify({ report: out, ...report.json() })
        : flags.markdown
          ? report.markdown()
          : flags.latex
            ? report.latex()
            : out;
      process.stdout.write(`${text}\n`);
    });
