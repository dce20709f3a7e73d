import { spawn } from 'node:child_process';
import type { Child } from './execute.js';
import { flagsOf } from './flags.js';
import type { PlannedRun } from './plan.js';

/** Flags of the start that a continuation needs as well, and how many words follow each. */
const ALSO_RESUMED: Readonly<Record<string, number>> = { '--force': 0, '--checkpoint-minutes': 1 };

/** The words after `tailnas` that carry a planned run out. */
export const childArguments = (
  { command, seed, path, state, parent }: PlannedRun,
  { threads, use = [] }: { threads: number; use?: readonly string[] },
): string[] => [
  ...(state === 'resume'
    ? ['resume', path, ...command.flatMap((word, i) => command.slice(i, i + 1 + (ALSO_RESUMED[word] ?? -1)))]
    : [...command, ...flagsOf({ seed, threads, out: path, from: parent?.path })]),
  ...use.flatMap((file) => ['--use', file]),
  '--quiet',
  '--json',
];

/**
 * Starts this command line once more with other words, in a process of its own: a crash or too little memory ends that
 * run alone. It is out of reach of the terminal's Ctrl-C, which would otherwise come twice and make it leave without
 * saving; it stops by itself when the channel to this process closes, killed or not.
 */
export const startChild = (words: readonly string[]): Child => {
  const [script = ''] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    exit: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, stderr }));
    }),
    stop: (signal) => void child.kill(signal),
  };
};
