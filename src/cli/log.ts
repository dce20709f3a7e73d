import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { didYouMean, printable } from '../label/index.js';
import { logToMlflow, readLogged, writeEventFile } from '../log/index.js';
import { fitPartDir, fitParts, isFit, runsBelow } from '../run/index.js';
import { plural } from './format.js';
import { argument, UsageError } from './usage.js';

interface Target {
  readonly kind: 'tensorboard' | 'mlflow';
  readonly place: string;
}

const KINDS = ['tensorboard', 'mlflow'] as const;

const targetOf = (word: string): Target => {
  const at = word.indexOf(':');
  const [head, place] = at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
  const kind = KINDS.find((known) => known === head);
  if (kind === undefined || place === '')
    throw new RangeError(
      `It must be tensorboard:<folder> or mlflow:<url>, got "${word}"${didYouMean(head, KINDS).replace(/^ /, '; ')}`,
    );
  if (kind === 'mlflow' && !/^https?:\/\/[^/]/.test(place))
    throw new RangeError(`The address must begin with http:// or https://, got "${place}"`);
  return { kind, place };
};

/** Runs with the names that they get: of a fit, those of its parts that have begun. */
const named = (paths: readonly string[]): { name: string; dir: string }[] => {
  const all = paths.flatMap((path) => {
    const own = basename(resolve(path));
    if (!isFit(path)) return runsBelow(path).map((dir) => ({ name: dir === path ? own : basename(dir), dir }));
    return fitParts
      .map((part) => ({ name: join(own, part), dir: fitPartDir(path, part) }))
      .filter(({ dir }) => existsSync(join(dir, 'run.json')));
  });
  const twice = all.find(({ name }, i) => all.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined)
    throw new UsageError(
      `Cannot log two runs under one name: "${twice.name}" is there twice; log them by one command each, into a ` +
        'folder or an experiment of its own',
    );
  return all;
};

interface Flags {
  readonly to: Target;
  readonly experiment: string;
  readonly json?: true;
}

export const command = (): Command =>
  new Command('log')
    .description('send runs to a dashboard: TensorBoard event files, or MLflow')
    .argument('<run...>', 'run folders, or folders of fits, sweeps and reproductions; they may still be running')
    .addOption(
      new Option('--to <where>', 'tensorboard:<folder>, or mlflow:<url> of a server')
        .argParser(argument(targetOf))
        .makeOptionMandatory(),
    )
    .option('--experiment <name>', 'experiment on the MLflow server, made where there is none', 'tailnas')
    .option('--json', 'print what was written or sent as JSON')
    .addHelpText(
      'after',
      `
Sent again, a run stays one: its event file is replaced, and MLflow keeps one of equal points. MLFLOW_TRACKING_USERNAME
and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, are for a server that asks who you are.

Examples:
  $ tailnas log runs/* --to tensorboard:board
        to be seen with: tensorboard --logdir board
  $ tailnas log birds-fit --to mlflow:http://127.0.0.1:5000 --experiment birds`,
    )
    .action(async (paths: readonly string[], { to: { kind, place }, experiment, json }: Flags) => {
      const done: Record<string, string | number>[] = [];
      for (const { name, dir } of named(paths)) {
        const run = readLogged(dir);
        const epochs = run.records.length;
        if (kind === 'tensorboard') done.push({ run: dir, epochs, file: writeEventFile(run, join(place, name)) });
        else done.push({ run: dir, epochs, ...(await logToMlflow(run, { url: place, experiment, name })) });
      }
      const line = ({ run = '', epochs, file, runId, metrics }: Record<string, string | number>): string =>
        `${run}: ${plural(Number(epochs), 'epoch')} → ${file ?? `run ${runId}, ${plural(Number(metrics), 'point')}`}`;
      process.stdout.write(
        json ? `${JSON.stringify(done)}\n` : done.map((one) => `${printable(line(one))}\n`).join(''),
      );
    });
