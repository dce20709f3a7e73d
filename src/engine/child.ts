import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { errorCode, firstLine } from './errors.js';
import type { Env } from './paths.js';

/** What came of a command. `failure` is absent when it ended with 0, else a phrase: `not found`, or its last line. */
export interface Answer {
  readonly output: string;
  readonly failure?: string;
}

/** For quoting a failed command: the last line of its output that says something. */
export const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1)?.trim() ?? '';

const startFailure = (error: unknown): string => {
  const code = errorCode(error);
  if (code === 'ENOENT') return 'not found';
  return code === 'ETIMEDOUT' ? 'no answer in time' : firstLine(error);
};

const endFailure = (output: string, end: number | string | null) => lastLine(output) || `ended with ${end}`;

/** For a short question to a program; waits for the answer. `output` is what it wrote to stdout. */
export const ask = (
  command: string,
  args: readonly string[],
  { env, timeoutMs = 10_000 }: { env: Env; timeoutMs?: number },
): Answer => {
  const child = spawnSync(command, args, {
    env: { ...env },
    timeout: timeoutMs,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.error) return { output: '', failure: startFailure(child.error) };
  if (child.status === 0) return { output: child.stdout };
  return { output: child.stdout, failure: endFailure(child.stderr, child.status ?? child.signal) };
};

/** For long work by a program, without blocking; each line goes to `onLine`. `output` is stdout and stderr together. */
export const work = (
  command: string,
  args: readonly string[],
  { env, onLine = () => {} }: { env: Env; onLine?: (line: string) => void },
): Promise<Answer> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on('line', (line) => {
        output += `${line}\n`;
        onLine(line);
      });
    child.on('error', (error) => resolve({ output, failure: startFailure(error) }));
    child.on('close', (code, signal) =>
      resolve(code === 0 ? { output } : { output, failure: endFailure(output, code ?? signal) }),
    );
  });
