import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { isTemporary, sweepTemporaries, syncFolder, writeAtomic } from './atomic.js';
import { type CheckpointStore, checkpointStore } from './checkpoints.js';
import { runDirOf } from './fit.js';
import { isLock, lockRun } from './lock.js';
import { metricsFile } from './metrics.js';
import { check, formatOf, parse } from './parse.js';
import {
  type EpochRecord,
  type Evaluation,
  evaluation,
  FORMAT,
  type Genotypes,
  genotypes,
  type RunInfo,
  runInfo,
} from './record.js';

/** All that is known of one run, on disk. Whatever moment the process is killed at, the folder stays readable. */
export interface RunFolder {
  readonly path: string;
  readonly info: RunInfo;
  readonly checkpoints: CheckpointStore;
  /** The epoch records so far, in order. Throws with the line number when a line other than a torn last is damaged. */
  records(): EpochRecord[];
  /** Adds an epoch record; on return it is on disk. */
  appendRecord(record: EpochRecord): void;
  /** For resuming: drops the records that `keep` refuses, such as those past the checkpoint. */
  truncateRecords(keep: (record: EpochRecord) => boolean): void;
  writeGenotype(value: Genotypes): void;
  /** What `writeGenotype` last wrote, or undefined. */
  readGenotype(): Genotypes | undefined;
  writeEvaluation(value: Evaluation): void;
  /** The final result, or undefined while there is none. */
  readEvaluation(): Evaluation | undefined;
  /** Adds a line, with the time before it, to `log.txt`. */
  log(line: string): void;
  /** Notes in the log why the run ended without a result. */
  logFailure(error: unknown): void;
  /** Why it did, where that is the last that the log says. */
  failure(): string | undefined;
  /** Lets another process write. Nothing may be written after it. */
  close(): void;
}

/**
 * Starts a run in a new or empty folder, and opens it for writing.
 * Throws when the folder holds a run or anything else, or when another process is creating it.
 */
export const createRun = (dir: string, info: RunInfo): RunFolder => {
  const checked = check(info, {
    schema: runInfo,
    action: `Cannot create run ${dir}: its description is not valid`,
    remedy: 'correct that value',
  });
  if (existsSync(dir) && !statSync(dir).isDirectory())
    throw new Error(`Cannot create run ${dir}: it must be a folder, it is a file; name a new folder`);
  refuseOccupied(dir);
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot create run ${dir}: the folder cannot be made (${reason}); name one that can be written`);
  }
  const release = lockRun(dir);
  try {
    refuseOccupied(dir); // again, now that no one else can fill it
    writeAtomic(join(dir, 'run.json'), `${JSON.stringify(checked, null, 2)}\n`);
    return openLocked(dir, release);
  } catch (error) {
    release();
    throw error;
  }
};

/**
 * Opens a run. For reading, at any time, also while it is being written; for writing, one process at a time: what a
 * killed writer left half done is then cleared away. The folder of a fit stands for its best network.
 */
export const openRun = (path: string, { write = false }: { write?: boolean } = {}): RunFolder => {
  const dir = runDirOf(path);
  readInfo(dir);
  if (!write) return runFolder(dir, { writable: false, release: () => {} });
  const release = lockRun(dir);
  try {
    return openLocked(dir, release);
  } catch (error) {
    release();
    throw error;
  }
};

/** Names a folder for a new run after its recipe and local time, `runs/darts-20260102-030405`; numbered if taken. */
export const defaultRunDir = (base: string, name: string, { now = new Date() }: { now?: Date } = {}): string => {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const first = join(base, `${name}-${day}-${time}`);
  let dir = first;
  for (let number = 2; existsSync(dir); number++) dir = `${first}-${number}`;
  return dir;
};

const FAILED = 'failed: ';

const openLocked = (dir: string, release: () => void): RunFolder => {
  const checkpoints = join(dir, 'checkpoints');
  mkdirSync(checkpoints, { recursive: true });
  sweepTemporaries(dir);
  sweepTemporaries(checkpoints);
  metricsFile(join(dir, 'metrics.jsonl')).prepare();
  syncFolder(dir);
  return runFolder(dir, { writable: true, release });
};

const runFolder = (dir: string, { writable, release }: { writable: boolean; release: () => void }): RunFolder => {
  let open = writable;
  const metrics = metricsFile(join(dir, 'metrics.jsonl'));
  const store = checkpointStore(join(dir, 'checkpoints'));

  /** Guards a method: without the lock its writes could meet another process's. */
  const writing = <A extends unknown[]>(method: (...values: A) => void) => {
    return (...values: A): void => {
      if (!open)
        throw new Error(`Cannot write to run ${dir}: it is not open for writing; open it with { write: true }`);
      method(...values);
    };
  };
  // One line a message: a stack or a compiler's output would hide the lines around it.
  const log = (line: string): void =>
    appendFileSync(join(dir, 'log.txt'), `${new Date().toISOString()} ${line.replaceAll('\n', ' ')}\n`);
  const read = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    const file = join(dir, name);
    if (!existsSync(file)) return undefined;
    return parse(readFileSync(file, 'utf8'), {
      schema,
      action: `Cannot read ${file}`,
      remedy: 'restore it from a copy',
    });
  };
  const write = <T>(name: string, { schema, value }: { schema: z.ZodType<T>; value: T }): void => {
    const file = join(dir, name);
    const checked = check(value, { schema, action: `Cannot write ${file}`, remedy: 'correct that value' });
    writeAtomic(file, `${JSON.stringify(checked, null, 2)}\n`);
  };

  return {
    path: dir,
    info: readInfo(dir),
    checkpoints: { ...store, save: writing(store.save) },
    records: metrics.read,
    appendRecord: writing(metrics.append),
    truncateRecords: writing(metrics.truncate),
    writeGenotype: writing((value: Genotypes) => write('genotype.json', { schema: genotypes, value })),
    readGenotype: () => read('genotype.json', genotypes),
    writeEvaluation: writing((value: Evaluation) => write('evaluation.json', { schema: evaluation, value })),
    readEvaluation: () => read('evaluation.json', evaluation),
    log: writing(log),
    logFailure: writing((error: unknown) => log(FAILED + (error instanceof Error ? error.message : String(error)))),
    failure: () => {
      const file = join(dir, 'log.txt');
      const last = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) : undefined;
      const [, line = ''] = /^\S+ (.*)$/.exec(last ?? '') ?? [];
      return line.startsWith(FAILED) ? line.slice(FAILED.length) : undefined;
    },
    close: () => {
      open = false;
      release();
    },
  };
};

const readInfo = (dir: string): RunInfo => {
  const action = `Cannot open run ${dir}`;
  if (!existsSync(dir)) throw new Error(`${action}: the folder does not exist; check the path`);
  const file = join(dir, 'run.json');
  if (!existsSync(file))
    throw new Error(`${action}: a run folder holds run.json, this one does not; give the folder of a run`);
  const text = readFileSync(file, 'utf8');
  const format = formatOf(text);
  if (format > FORMAT)
    throw new Error(
      `${action}: run.json must be of format 1 or ${FORMAT}, it is of format ${format}: a newer tailnas wrote it; ` +
        'use that, or update this one',
    );
  return parse(text, {
    schema: runInfo,
    action: `${action}: run.json is damaged`,
    remedy: 'restore it from a copy or start a new run',
  });
};

const refuseOccupied = (dir: string): void => {
  if (!existsSync(dir)) return;
  // A start that was killed before run.json was in place leaves only these.
  const content = readdirSync(dir).filter((name) => !isLock(name) && !isTemporary(name));
  if (content.includes('run.json'))
    throw new Error(`Cannot create run ${dir}: it already holds a run; continue it with \`tailnas resume ${dir}\``);
  const other = content[0];
  if (other !== undefined)
    throw new Error(`Cannot create run ${dir}: the folder must be empty, it holds "${other}"; name a new folder`);
};
