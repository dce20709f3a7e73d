import { Command } from 'commander';
import { type Check, diagnose } from '../engine/doctor.js';
import { firstLine } from '../engine/errors.js';
import { kernels, UnknownKernelsError } from '../tensor/index.js';

/** Loads the engine, which all the other checks do without. */
const kernelsCheck = (): Check => {
  try {
    return { name: 'kernels', ok: true, detail: kernels() };
  } catch (error) {
    const check = { name: 'kernels', ok: false, detail: firstLine(error) };
    return error instanceof UnknownKernelsError ? { ...check, fix: 'unset TAILNAS_KERNELS' } : check;
  }
};

export const command = (): Command =>
  new Command('doctor')
    .description('show what tailnas finds on this machine, and what to do where something is missing')
    .option('--json', 'print the checks as JSON')
    .addHelpText('after', '\nExample:\n  $ tailnas doctor')
    .action((flags: { json?: true }) => {
      const found = diagnose().checks;
      const ready = found.some(({ name, ok }) => name === 'engine' && ok);
      const checks = ready ? [...found, kernelsCheck()] : found;
      const width = Math.max(...checks.map((c) => c.name.length));
      const lines = checks.flatMap(({ name, ok, detail, fix }) => [
        `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)}  ${detail}`,
        ...(fix === undefined ? [] : [`${' '.repeat(width + 6)}  → ${fix}`]),
      ]);
      process.stdout.write(flags.json ? `${JSON.stringify({ checks })}\n` : `${lines.join('\n')}\n`);
      process.exitCode = checks.every((c) => c.ok) ? 0 : 1;
    });
