#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { UnknownDataError } from '../data/index.js';
import { UnknownKernelsError } from '../tensor/index.js';
import { MemoryError } from '../train/index.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { plotCommand } from './plot.js';
import { recipesCommand } from './recipes.js';
import { reportCommand } from './report.js';
import { reproduceCommand } from './reproduce.js';
import { resumeCommand } from './resume.js';
import { searchCommand } from './search.js';
import { setupCommand } from './setup.js';
import { UsageError } from './usage.js';

const USAGE = 2;
const FAILURE = 1;
const WRONG_WORDS = [UsageError, UnknownDataError, UnknownKernelsError, MemoryError];

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

// Who reads only the beginning (`tailnas report … --json | head`) has what they want: that is no error, and no reason to end a search.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });

const program = new Command('tailnas')
  .description(
    'Neural architecture search for long-tailed images: DARTS alone, or with bilateral branches and heterogeneous learning rates, on libtorch.',
  )
  .version(version)
  .addHelpText('after', '\nStart with:\n  $ tailnas search darts --scale smoke\n')
  .showHelpAfterError('(--help shows what is possible)');
const commands = [
  searchCommand,
  resumeCommand,
  evaluateCommand,
  reportCommand,
  plotCommand,
  reproduceCommand,
  recipesCommand,
  doctorCommand,
  setupCommand,
];
for (const make of commands) program.addCommand(make().copyInheritedSettings(program));
for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = WRONG_WORDS.some((kind) => error instanceof kind) ? USAGE : FAILURE;
    if (process.env['TAILNAS_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
}
