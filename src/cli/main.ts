#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { printable } from '../label/printable.js';

const USAGE = 2;
const FAILURE = 1;
/** Errors that are the user's words, by name: importing their classes would load their rooms. */
const WRONG_WORDS = [
  'UsageError',
  'UnknownDataError',
  'UnknownKernelsError',
  'MemoryError',
  'BudgetError',
  'UnfitError',
];

interface Module {
  command(): Command;
}

/** Every command with its line in --help; its module is loaded when it runs. */
const COMMANDS: readonly [name: string, about: string, load: () => Promise<Module>][] = [
  ['fit', 'from a folder of images to a network: search, train, test, compare', () => import('./fit.js')],
  ['search', 'search an architecture, and test it', () => import('./search.js')],
  ['train', 'train a network from scratch: one that a search found, or any other', () => import('./train.js')],
  ['resume', 'continue a run that was stopped, exactly where it was saved', () => import('./resume.js')],
  ['evaluate', "test a run's network on its test images, or on others", () => import('./evaluate.js')],
  ['predict', 'classify images: files, folders, patterns', () => import('./predict.js')],
  ['export', 'write a trained network to files for other programs', () => import('./export.js')],
  ['watch', 'a live page of runs: progress, curves, cells, time left', () => import('./watch.js')],
  ['report', 'make one HTML page of runs: tables, figures, cells', () => import('./report.js')],
  ['log', 'send runs to TensorBoard or MLflow', () => import('./log.js')],
  ['plot', "draw schedules, or one of the paper's figures from run folders", () => import('./plot.js')],
  ['reproduce', 'make a table or figure of the paper, with every run that it needs', () => import('./reproduce.js')],
  ['recipes', 'list the named searches and ways to train', () => import('./recipes.js')],
  ['doctor', 'show what tailnas finds on this machine', () => import('./doctor.js')],
  ['setup', 'find or fetch libtorch and build the engine now', () => import('./setup.js')],
];

/** Modules are loaded before the command, whose options they may add to. */
const useOption = (): Option =>
  new Option(
    '--use <module>',
    'your own JavaScript module, which adds recipes, losses, schedules, … (repeatable)',
  ).argParser((file: string, before: readonly string[] = []) => [...before, file]);

/** The words, with every `--use <module>` before the command moved behind it. */
const commandFirst = (words: readonly string[]): string[] => {
  let at = 0;
  while (words[at]?.startsWith('--use')) at += words[at] === '--use' ? 2 : 1;
  const command = words[at];
  return command === undefined ? [...words] : [command, ...words.slice(0, at), ...words.slice(at + 1)];
};

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

// A reader of only the beginning (`tailnas report … --json | head`) closes the pipe: that is no error, and does not end
// a run.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const program = new Command('tailnas')
  .description('From a folder of imbalanced images to a network that works on the rare classes too, on libtorch.')
  .version(version)
  .addHelpText(
    'after',
    '\nStart with:\n  $ tailnas fit --data path/to/images --quick\n  $ tailnas search darts --scale smoke\n',
  )
  .showHelpAfterError('(--help shows what is possible)');

try {
  const words = commandFirst(process.argv.slice(2));
  const wanted = words.find((word) => !word.startsWith('-'));
  const asked = wanted === 'help' ? words[words.indexOf('help') + 1] : wanted;
  for (const [i, word] of words.entries()) {
    const file = word === '--use' ? words[i + 1] : word.startsWith('--use=') ? word.slice('--use='.length) : undefined;
    if (file !== undefined) await (await import('./use.js')).use(file);
  }
  for (const [name, about, load] of COMMANDS) {
    const command = name === asked ? (await load()).command() : new Command(name).description(about);
    command.optionsGroup('Modules:').addOption(useOption());
    program.addCommand(command.copyInheritedSettings(program));
  }
  for (const command of [program, ...program.commands]) command.exitOverride();
  await program.parseAsync(words, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else {
    // Names of files and classes may hold anything: codes that move the cursor or reverse text never reach the
    // terminal.
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`error: ${message.split('\n').map(printable).join('\n')}\n`);
    process.exitCode = error instanceof Error && WRONG_WORDS.includes(error.name) ? USAGE : FAILURE;
    if (process.env['TAILNAS_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
}
