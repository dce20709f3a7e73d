import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LoadedRun } from '../../src/measure/index.js';
import { createRun, type EpochRecord, type RunFolder } from '../../src/run/index.js';
import { sealed } from '../../src/run/seal.js';

/** Records as lines of metrics.jsonl. */
export const linesOf = (records: readonly EpochRecord[]): string =>
  records.map((record) => `${JSON.stringify(sealed(record))}\n`).join('');

interface Left {
  /** Epochs that have ended, all unless said. */
  readonly epochs?: number;
  readonly finished?: boolean;
  /** The last line of its log, as one that failed leaves it. */
  readonly failure?: string;
}

/** Leaves a run folder as a run would, without waiting for the disk after each record. */
export const leaveRun = (dir: string, run: LoadedRun, { epochs, finished = false, failure }: Left = {}): void => {
  mkdirSync(dirname(dir), { recursive: true });
  const folder = createRun(dir, run.info);
  writeFileSync(join(dir, 'metrics.jsonl'), linesOf(run.records.slice(0, epochs)));
  if (finished && run.evaluation !== undefined) folder.writeEvaluation(run.evaluation);
  if (failure !== undefined) folder.logFailure(new Error(failure));
  folder.close();
};

/** A run folder that this process is writing: it has its lock until it is closed. */
export const beginRun = (dir: string, run: LoadedRun, { epochs = 0 }: Pick<Left, 'epochs'> = {}): RunFolder => {
  mkdirSync(dirname(dir), { recursive: true });
  const folder = createRun(dir, run.info);
  for (const record of run.records.slice(0, epochs)) folder.appendRecord(record);
  return folder;
};
