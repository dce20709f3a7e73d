import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
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

/**
 * Carries out its arguments as a command; when its stdin closes, ends that with all that it has started. It needs no
 * program but the shell: PATH may lead to the compiler alone.
 */
const BOUND = 'exec 3<&0; "$@" </dev/null & work=$!; { read -r _ <&3; kill -9 0; } >/dev/null 2>&1 & wait $work';

/**
 * For long work by a program, without blocking; each line goes to `onLine`. `output` is stdout and stderr together.
 * `bound`: it ends with this process, killed or not, as do those that it starts (a compiler starts several).
 */
export const work = (
  command: string,
  args: readonly string[],
  { env, onLine = () => {}, bound = false }: { env: Env; onLine?: (line: string) => void; bound?: boolean },
): Promise<Answer> =>
  new Promise((resolve) => {
    const child: ChildProcessByStdio<Writable | null, Readable, Readable> = bound
      ? spawn('/bin/sh', ['-c', BOUND, 'sh', command, ...args], {
          ...{ env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: true },
        })
      : spawn(command, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    child.on('exit', () => child.stdin?.destroy());
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
