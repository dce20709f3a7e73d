import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRun } from '../../src/run/index.js';
import { sealed } from '../../src/run/seal.js';
import { stamped } from '../../src/session/checkpoint.js';

/** Changes a JSON file of a run and seals it anew, as if it had been written so: else the change would be noticed. */
export const editJson = (file: string, change: (text: string) => string): void => {
  const changed = change(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify(sealed(JSON.parse(changed)), null, 2));
};

/** A JSON file of a run without its seal. */
export const readUnsealed = (file: string): unknown => {
  const { seal: _, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  return rest;
};

/** Makes the newest checkpoint that lies in a run's folder the run's own, and its only one. */
export const adoptCheckpoint = (dir: string): void => {
  const run = openRun(dir, { write: true });
  try {
    const newest = run.checkpoints.newest();
    if (newest === undefined) throw new Error(`${dir} has no checkpoint`);
    rmSync(join(dir, 'checkpoints'), { recursive: true });
    run.checkpoints.save(newest.position, stamped([newest.bytes], run));
  } finally {
    run.close();
  }
};
