import { mkdirSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { oneOf } from '../experiment/index.js';
import { drawFigure, type Figure, type FigureKind, figures, schedulePlot, svgToPng } from '../figure/index.js';
import { printable } from '../label/index.js';
import { loadRun, withoutCommon } from '../measure/index.js';
import { writeAtomic } from '../run/atomic.js';
import { parseSchedule } from '../schedule/index.js';
import { argument, fromUser, UsageError } from './usage.js';

/** Draws from run folders; the paper's figures take only the runs that they are of. */
const drawRuns = (kind: FigureKind, paths: readonly string[]): Figure => {
  const runs = withoutCommon(paths.map(loadRun));
  for (const { path, problems } of runs)
    for (const problem of problems) process.stderr.write(`${printable(`${path}: ${problem}`)}\n`);
  const { name, recipes } = kind;
  const other = runs.find(({ info }) => recipes !== undefined && !recipes.includes(info.experiment.name));
  if (other === undefined) return drawFigure(kind, runs);
  const needs = recipes?.length === 0 ? 'it needs no run' : `its runs must be of ${recipes?.join(', ')}`;
  throw new UsageError(`Cannot draw ${name}: ${needs}, got ${other.path} of ${other.info.experiment.name}`);
};

const drawn = (name: string, sources: readonly string[]): Figure => {
  const kind = figures.named(name);
  if (kind !== undefined) return drawRuns(kind, sources);
  if (sources.length === 0) throw new UsageError('Cannot draw schedules: name at least 1, such as parabolicDecay');
  return schedulePlot(sources.map((text) => fromUser(() => parseSchedule(text))));
};

const outFile = (file: string): string => {
  if (['.svg', '.png'].includes(extname(file))) return file;
  throw new InvalidArgumentError('It must end in .svg or .png');
};

/** Writes a figure to `out`, as what its ending says, or as SVG and PNG under its own name. Returns the files. */
const write = ({ name, captioned }: Figure, { out }: { out: string | undefined }): string[] => {
  const files = out === undefined ? [`${name}.svg`, `${name}.png`] : [out];
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeAtomic(file, extname(file) === '.png' ? svgToPng(captioned) : captioned);
  }
  return files;
};

export const command = (): Command => {
  const names = ['schedule', ...figures.names()];
  return new Command('plot')
    .description("draw schedules, or one of the paper's figures from run folders")
    .addArgument(
      new Argument('<figure>', `one of ${names.join(', ')}`).argParser(
        argument(oneOf(names, ' (one from your own module needs --use <module>)')),
      ),
    )
    .argument('[runs...]', 'run folders; for `schedule`, schedules as recipes write them')
    .addOption(
      new Option('--out <file>', 'file.svg or file.png (default: both, here, named for the figure)').argParser(outFile),
    )
    .option('--json', 'print the files, title and caption as JSON on stdout')
    .addHelpText(
      'after',
      `
Examples:
  $ tailnas plot schedule "softFreeze(parabolicDecay)" parabolicDecay
  $ tailnas plot figure6 runs/hls-* runs/darts-bbn-* --out scaling.svg
        with and without scaling; runs of one recipe are its seeds, drawn as mean and range
  $ tailnas plot training runs/darts-20260102-030405
        of any recipe: training, gradients; of any search: alpha; of any with two heads: mixing`,
    )
    .action((kind: string, sources: string[], flags: { out?: string; json?: true }) => {
      const figure = drawn(kind, sources);
      const files = write(figure, { out: flags.out });
      const { name, title, caption } = figure;
      process.stdout.write(
        flags.json ? `${JSON.stringify({ files, name, title, caption })}\n` : `${files.join('\n')}\n`,
      );
    });
};
