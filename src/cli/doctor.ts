import { Command } from 'commander';
import { diagnose } from '../tensor/engine/doctor.js';

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('show what tailnas finds on this machine, and what to do where something is missing')
    .option('--json', 'print the checks as JSON')
    .addHelpText('after', '\nExample:\n  $ tailnas doctor')
    .action((flags: { json?: true }) => {
      const { checks } = diagnose();
      const width = Math.max(...checks.map((c) => c.name.length));
      const lines = checks.flatMap(({ name, ok, detail, fix }) => [
        `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)}  ${detail}`,
        ...(fix === undefined ? [] : [`${' '.repeat(width + 6)}  → ${fix}`]),
      ]);
      process.stdout.write(flags.json ? `${JSON.stringify({ checks })}\n` : `${lines.join('\n')}\n`);
      process.exitCode = checks.every((c) => c.ok) ? 0 : 1;
    });
