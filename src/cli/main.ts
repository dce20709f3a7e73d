#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { UnknownDataError } from '../data/index.js';
import { doctorCommand } from './doctor.js';
import { evaluateCommand } from './evaluate.js';
import { recipesCommand } from './recipes.js';
import { resumeCommand } from './resume.js';
import { searchCommand } from './search.js';
import { setupCommand } from './setup.js';
import { UsageError } from './usage.js';

const USAGE = 2;
const FAILURE = 1;

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const program = new Command('tailnas')
  .description('Neural architecture search for long-tailed images: DARTS on libtorch, from one command.')
  .version(version)
  .addHelpText('after', '\nStart with:\n  $ tailnas search --scale smoke\n')
  .showHelpAfterError('(--help shows what is possible)');
for (const make of [searchCommand, resumeCommand, evaluateCommand, recipesCommand, doctorCommand, setupCommand])
  program.addCommand(make().copyInheritedSettings(program));
for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError || error instanceof UnknownDataError ? USAGE : FAILURE;
    if (process.env['TAILNAS_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
}
