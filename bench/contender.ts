import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { packageRoot } from '../src/engine/paths.js';
import type { Work } from './work.js';

/** Who does the work: ours with fused kernels or with plain operators, PyTorch in one memory layout or the other. */
export type Engine = 'fused' | 'composite' | 'channels_last' | 'nchw';

const answer = z.object({ median: z.number(), peakMemoryBytes: z.number() });
export type Answer = z.infer<typeof answer>;

/** A process that has prepared its work, and does some of it whenever it is asked. */
export interface Contender {
  /** A step, or as many as fill `least` seconds. */
  turn(): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Entry {
  readonly engine: Engine;
  readonly work: Partial<Work>;
  readonly threads: number;
  /** That take a step together; one unless said. */
  readonly processes?: number;
}

const OURS = fileURLToPath(new URL('./own-step.js', import.meta.url));
const REFERENCE = join(packageRoot(), 'bench', 'pytorch', 'step_time.py');
const NEEDS = 'PyTorch needs a Python with torch 2.13 in TAILNAS_PYTHON; --own goes without';

/**
 * Starts a process for an entry. Ours runs compiled, as an installed tailnas does: what compiles TypeScript on the fly
 * stays in memory, 50 MB. It warms up with its first turn; `least` is the shortest turn, in seconds.
 */
export const contender = ({ engine, work, threads, processes = 1 }: Entry, { least }: { least: number }): Contender => {
  const ours = engine === 'fused' || engine === 'composite';
  const command = ours ? process.execPath : (process.env.TAILNAS_PYTHON ?? 'python3');
  const script = ours ? [OURS] : [REFERENCE, '--layout', engine];
  const options = Object.entries({ ...work, threads, ...(processes > 1 && { processes }), serve: least }).flatMap(
    ([name, value]) => [`--${name}`, `${value}`],
  );
  const child = spawn(command, [...script, ...options], {
    env: engine === 'composite' ? { ...process.env, TAILNAS_KERNELS: 'composite' } : process.env,
  });
  let said = '';
  child.on('error', (error) => (said += error.message));
  child.stdin.on('error', () => {}); // it ended by itself: `turn` tells
  child.stderr.on('data', (text) => (said += text));
  const closed = once(child, 'close').catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    turn: async () => {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (!done) return answer.parse(JSON.parse(value));
      await closed;
      const word = said.trim().split('\n').at(-1);
      const why = word
        ? `"${word}"${ours ? '' : `. ${NEEDS}`}`
        : `${child.signalCode ?? child.exitCode}: out of memory?`;
      throw new Error(`Cannot run ${engine}: its process must answer, got ${why}`);
    },
    stop: async () => {
      child.stdin.end();
      await closed;
    },
  };
};
