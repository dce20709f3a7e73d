import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { lockRun } from '../run/lock.js';

const PAUSE = 500; // milliseconds

const holderOf = (path: string): string | undefined => {
  try {
    lockRun(path).release();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/**
 * Waits for processes that still write to runs: those of a reproduction that was killed save and stop within a step.
 * Returns whether it had to wait. Throws what keeps a run busy when that takes longer than `seconds`.
 */
export const whenFree = async (
  paths: readonly string[],
  { seconds = 60, onNotice = () => {} }: { seconds?: number; onNotice?: (text: string) => void } = {},
): Promise<boolean> => {
  const began = performance.now();
  let waited = false;
  for (const path of paths.filter((p) => existsSync(p)))
    for (let problem = holderOf(path); problem !== undefined; problem = holderOf(path)) {
      if (performance.now() - began > seconds * 1000) throw new Error(problem);
      if (!waited) onNotice(`${problem.replace(/^Cannot open run /, '')} (waiting up to ${seconds} seconds)`);
      waited = true;
      await setTimeout(PAUSE);
    }
  return waited;
};
