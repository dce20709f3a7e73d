import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { oneOf } from '../experiment/index.js';
import { classAccuracy, paperFigures, recipeFigures, schedulePlot, stem } from '../report/figures/index.js';
import type { Figure } from '../report/plot.js';
import { svgToPng } from '../report/png.js';
import { type LoadedRun, loadRun } from '../report/runs.js';
import { parseSchedule } from '../schedule/index.js';
import { argument, fromUser, UsageError } from './usage.js';

/** Draws from run folders; the paper's figures take only the runs that they are of. */
type Draw = (runs: readonly LoadedRun[]) => Figure;

const ofPaper = Object.entries(paperFigures).map(([kind, { recipes, draw }]): [string, Draw] => [
  kind,
  (runs) => {
    const others = runs.find(({ info }) => !recipes.includes(info.name));
    if (others === undefined) return draw(runs);
    throw new UsageError(
      recipes.length === 0
        ? `Cannot draw ${kind}: it needs no run, got ${others.path}`
        : `Cannot draw ${kind}: its runs must be of ${recipes.join(', ')}, ${others.path} is of ${others.info.name}`,
    );
  },
]);
const ofRecipe = Object.entries(recipeFigures).map(([kind, draw]): [string, Draw] => [
  kind,
  (runs) => draw(runs, { name: stem(kind, runs) }),
]);
const DRAW: ReadonlyMap<string, Draw> = new Map([...ofPaper, ...ofRecipe, ['classes', classAccuracy]]);
const KINDS = ['schedule', ...DRAW.keys()];

const drawn = (kind: string, sources: readonly string[]): Figure => {
  const draw = DRAW.get(kind);
  if (draw !== undefined) {
    const runs = sources.map((path) => loadRun(path));
    for (const { path, problems } of runs)
      for (const problem of problems) process.stderr.write(`${path}: ${problem}\n`);
    return draw(runs);
  }
  if (sources.length === 0) throw new UsageError('Cannot draw schedules: name at least 1, such as parabolicDecay');
  return schedulePlot(sources.map((text) => fromUser(() => parseSchedule(text))));
};

/** Writes a figure to `out`, as what its ending says, or as both SVG and PNG under its own name. Returns the files. */
const write = ({ name, captioned }: Figure, { out }: { out: string | undefined }): string[] => {
  const files = out === undefined ? [`${name}.svg`, `${name}.png`] : [out];
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, extname(file) === '.png' ? svgToPng(captioned) : captioned);
  }
  return files;
};

export const command = (): Command =>
  new Command('plot')
    .description("draw schedules, or one of the paper's figures from run folders")
    .addArgument(new Argument('<figure>', `one of ${KINDS.join(', ')}`).argParser(argument(oneOf(KINDS))))
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
        with against without scaling; runs of one recipe are seeds, drawn as mean and range
  $ tailnas plot training runs/darts-20260102-030405
        of any recipe: training, alpha, mixing, gradients`,
    )
    .action((kind: string, sources: string[], flags: { out?: string; json?: true }) => {
      const figure = drawn(kind, sources);
      const files = write(figure, { out: flags.out });
      const { name, title, caption } = figure;
      process.stdout.write(
        flags.json ? `${JSON.stringify({ files, name, title, caption })}\n` : `${files.join('\n')}\n`,
      );
    });

function outFile(file: string): string {
  if (['.svg', '.png'].includes(extname(file))) return file;
  throw new InvalidArgumentError('It must end in .svg or .png');
}
