import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { isTemporary, sweepTemporaries, syncFolder } from './atomic.js';
import { type CheckpointStore, checkpointStore } from './checkpoints.js';
import { endProblem, resultProblem } from './consistent.js';
import { attempt, codeOf, ifPossible } from './file-error.js';
import { runDirOf } from './fit.js';
import { appendInside, folderInside, isInside, textInside, unshareInside, writeInside } from './inside.js';
import { isLock, type Lock, lockRun } from './lock.js';
import { metricsFile } from './metrics.js';
import { check, formatOf } from './parse.js';
import {
  type EpochRecord,
  type Evaluation,
  evaluation,
  FORMAT,
  type Genotypes,
  genotypes,
  type RunInfo,
  runInfo,
  runInfoKeys,
} from './record.js';
import { isSealed, parseSealed, sealed } from './seal.js';

/** All that is known of one run, on disk. Whatever moment the process is killed at, the folder stays readable. */
export interface RunFolder {
  readonly path: string;
  readonly info: RunInfo;
  /** Whether its files prove that they are as they were written; those of older versions do not. */
  readonly isSealed: boolean;
  readonly checkpoints: CheckpointStore;
  /**
   * The epoch records so far, in order. Throws with the line number when a line is damaged, except for a torn last one,
   * and when epochs are missing, repeated or of another run.
   */
  records(): EpochRecord[];
  /** Adds an epoch record; on return it is on disk. Throws where it is not the next. */
  appendRecord(record: EpochRecord): void;
  /** For resuming: drops the records that `keep` refuses, such as those past the checkpoint. */
  truncateRecords(keep: (record: EpochRecord) => boolean): void;
  writeGenotype(value: Genotypes): void;
  /** What `writeGenotype` last wrote, or undefined. */
  readGenotype(): Genotypes | undefined;
  writeEvaluation(value: Evaluation): void;
  /** The final result, or undefined while there is none. Throws where it contradicts itself or the run. */
  readEvaluation(): Evaluation | undefined;
  /** How what the folder says contradicts itself, as a sentence; undefined where it does not. */
  contradiction(): string | undefined;
  /** Adds a line, with the time before it, to `log.txt`. */
  log(line: string): void;
  /** Notes in the log why the run ended without a result, if the log can still be written. */
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
  makeFolder(dir);
  const lock = lockRun(dir);
  try {
    refuseOccupied(dir); // again, now that no one else can fill it
    writeInside(dir, [INFO], `${JSON.stringify(sealed(checked), null, 2)}\n`);
    return openLocked(dir, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
};

/**
 * Opens a run. For reading, at any time, also while it is being written. For writing, one process at a time; it clears
 * away what a killed writer left unfinished. The folder of a fit opens its best network.
 */
export const openRun = (path: string, { write = false }: { write?: boolean } = {}): RunFolder => {
  const dir = runDirOf(path);
  readInfo(dir);
  if (!write) return runFolder(dir);
  const lock = lockRun(dir);
  try {
    return openLocked(dir, lock);
  } catch (error) {
    lock.release();
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

const INFO = 'run.json';
const LOG = 'log.txt';
const EVALUATION = 'evaluation.json';
const FAILED = 'failed: ';

const openLocked = (dir: string, lock: Lock): RunFolder => {
  folderInside(dir, 'checkpoints');
  sweepTemporaries(dir);
  for (const name of ['checkpoints', 'pictures', 'cells'])
    if (isInside(dir, name)) sweepTemporaries(folderInside(dir, name));
  unshareInside(dir, LOG);
  const run = runFolder(dir, lock);
  attempt(`Cannot write ${dir}`, () => syncFolder(dir));
  return run;
};

/** Makes a folder with those above it. The last by itself: `recursive` hides why a folder cannot be made. */
const makeFolder = (dir: string): void =>
  attempt(`Cannot create run ${dir}: the folder cannot be made`, () => {
    mkdirSync(dirname(dir), { recursive: true });
    try {
      mkdirSync(dir);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  });

/** A run that is open, for writing where a lock is held. */
const runFolder = (dir: string, lock?: Lock): RunFolder => {
  let open = lock !== undefined;
  const { info, isSealed: must } = readInfo(dir);
  const metrics = metricsFile(dir, { info, isSealed: must });
  const store = checkpointStore(dir);
  if (open) metrics.prepare();

  /** Guards a method: without the lock its writes could meet another process's. */
  const writing = <A extends unknown[]>(method: (...values: A) => void) => {
    return (...values: A): void => {
      if (!open)
        throw new Error(`Cannot write to run ${dir}: it is not open for writing; open it with { write: true }`);
      lock?.check();
      method(...values);
    };
  };
  // One line a message: a stack or a compiler's output would hide the lines around it.
  const log = (line: string): void => {
    const text = line.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
    appendInside(dir, LOG, { content: `${new Date().toISOString()} ${text}\n` });
  };
  const read = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    const text = textInside(dir, name);
    if (text === undefined) return undefined;
    return parseSealed(text, {
      schema,
      must,
      action: `Cannot read ${join(dir, name)}`,
      remedy: 'restore it from a copy',
    });
  };
  const write = <T extends object>(name: string, { schema, value }: { schema: z.ZodType<T>; value: T }): void => {
    const checked = check(value, { schema, action: `Cannot write ${join(dir, name)}`, remedy: 'correct that value' });
    writeInside(dir, [name], `${JSON.stringify(sealed(checked), null, 2)}\n`);
  };
  const readEvaluation = (): Evaluation | undefined => {
    const found = read(EVALUATION, evaluation);
    const problem = found && resultProblem(found, info);
    if (problem !== undefined)
      throw new Error(`Cannot read ${join(dir, EVALUATION)}: ${problem}; restore it from a copy`);
    return found;
  };

  return {
    path: dir,
    info,
    isSealed: must,
    checkpoints: { ...store, save: writing(store.save) },
    records: metrics.read,
    appendRecord: writing(metrics.append),
    truncateRecords: writing(metrics.truncate),
    writeGenotype: writing((value: Genotypes) => write('genotype.json', { schema: genotypes, value })),
    readGenotype: () => read('genotype.json', genotypes),
    writeEvaluation: writing((value: Evaluation) => write(EVALUATION, { schema: evaluation, value })),
    readEvaluation,
    contradiction: () => {
      const problem = endProblem(info, {
        records: metrics.read().length,
        finished: readEvaluation() !== undefined,
      });
      return problem && `Cannot trust ${dir}: ${problem}; restore its files from a copy`;
    },
    log: writing(log),
    logFailure: (error: unknown) =>
      ifPossible(() => writing(log)(FAILED + (error instanceof Error ? error.message : String(error)))),
    failure: () => {
      const last = textInside(dir, LOG)?.trimEnd().split('\n').at(-1);
      const [, line = ''] = /^\S+ (.*)$/.exec(last ?? '') ?? [];
      return line.startsWith(FAILED) ? line.slice(FAILED.length) : undefined;
    },
    close: () => {
      open = false;
      lock?.release();
    },
  };
};

const readInfo = (dir: string): { info: RunInfo; isSealed: boolean } => {
  const action = `Cannot open run ${dir}`;
  if (!existsSync(dir)) throw new Error(`${action}: the folder does not exist; check the path`);
  const text = textInside(dir, INFO);
  if (text === undefined) {
    const below = existsSync(join(dir, 'runs')) ? `one of those in ${join(dir, 'runs')}` : 'the folder of a run';
    throw new Error(`${action}: a run folder holds run.json, this one does not; give ${below}`);
  }
  const format = formatOf(text);
  if (format > FORMAT)
    throw new Error(
      `${action}: run.json must be of format 1 or ${FORMAT}, it is of format ${format}: a newer tailnas wrote it; ` +
        'use that, or update this one',
    );
  const info = parseSealed(text, {
    schema: runInfo,
    must: false,
    keys: runInfoKeys,
    action: `${action}: run.json is damaged`,
    remedy: 'restore it from a copy or start a new run',
  });
  return { info, isSealed: isSealed(text) };
};

const refuseOccupied = (dir: string): void => {
  if (!existsSync(dir)) return;
  // A start that was killed before run.json was in place leaves only these.
  const content = attempt(`Cannot create run ${dir}`, () => readdirSync(dir)).filter(
    (name) => !isLock(name) && !isTemporary(name),
  );
  if (content.includes('run.json'))
    throw new Error(`Cannot create run ${dir}: it already holds a run; continue it with \`tailnas resume ${dir}\``);
  const other = content[0];
  if (other !== undefined)
    throw new Error(`Cannot create run ${dir}: the folder must be empty, it holds "${other}"; name a new folder`);
};
