import { join } from 'node:path';
import { recordProblem } from './consistent.js';
import { appendInside, readInside, unshareInside, writeInside } from './inside.js';
import { check } from './parse.js';
import { type EpochRecord, epochRecord, type RunInfo } from './record.js';
import { parseSealed, sealed } from './seal.js';

/** The epoch records of a run as a file of JSON lines that only grows, except on resume. */
export interface Metrics {
  /**
   * All records in order. A last line without its line break is a torn write and ignored. Throws on a damaged line, and
   * where epochs are missing, there twice, or not of this run.
   */
  read(): EpochRecord[];
  /** Adds one line and waits for the disk. Throws where it is not the next epoch, or another process has added one. */
  append(record: EpochRecord): void;
  /** Drops the records that `keep` refuses, in one step. */
  truncate(keep: (record: EpochRecord) => boolean): void;
  /** Makes the file ready for `append`: it exists, and no torn last line is left for the next record to run into. */
  prepare(): void;
}

/** The name of the file. */
export const METRICS = 'metrics.jsonl';
const FILE = METRICS;

/** What the lines of a run are checked against. `isSealed`: whether each must have a seal. */
export interface OfRun {
  readonly info: RunInfo;
  readonly isSealed: boolean;
}

/** The record of a line, counted from 0. Throws where it is damaged, or not the one that the run has there. */
export const recordOf = (
  line: string,
  { index, file, info, isSealed }: OfRun & { readonly index: number; readonly file: string },
): EpochRecord => {
  const words = {
    action: `Cannot read ${file}: line ${index + 1} is damaged`,
    remedy: 'restore the file from a copy',
  };
  const record = parseSealed(line, { schema: epochRecord, must: isSealed, ...words });
  const problem = recordProblem(record, { info, expected: index });
  if (problem !== undefined) throw new Error(`${words.action}: ${problem}; ${words.remedy}`);
  return record;
};

const completeOf = (content: Buffer): Buffer => content.subarray(0, content.lastIndexOf('\n') + 1);

/** Opens `metrics.jsonl` of a run, which need not exist yet. `isSealed`: whether each line must have a seal. */
export const metricsFile = (dir: string, { info, isSealed }: OfRun): Metrics => {
  const file = join(dir, FILE);
  /** What `append` adds to: the bytes and records that there must be then. */
  let standing: { bytes: number; records: number } | undefined;
  const content = (): Buffer => completeOf(readInside(dir, FILE) ?? Buffer.alloc(0));

  const lines = (): { line: string; record: EpochRecord }[] =>
    content()
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((line, index) => ({ line, record: recordOf(line, { index, file, info, isSealed }) }));

  const replace = (kept: readonly { line: string }[]): void => {
    // The raw lines, not parsed ones: a later version may have written keys that this one does not know.
    const text = kept.map(({ line }) => `${line}\n`).join('');
    writeInside(dir, [FILE], text);
    standing = { bytes: Buffer.byteLength(text), records: kept.length };
  };

  return {
    read: () => lines().map(({ record }) => record),
    append: (record) => {
      standing ??= { bytes: content().length, records: lines().length };
      const checked = check(record, {
        schema: epochRecord,
        action: `Cannot add a record to ${file}`,
        remedy: 'a number that is not finite means that training diverged: lower the learning rate or clip gradients',
      });
      const problem = recordProblem(checked, { info, expected: standing.records });
      if (problem !== undefined) throw new Error(`Cannot add a record to ${file}: ${problem}; resume the run`);
      const text = `${JSON.stringify(sealed(checked))}\n`;
      standing = {
        bytes: appendInside(dir, FILE, { content: text, at: standing.bytes }),
        records: standing.records + 1,
      };
    },
    truncate: (keep) => {
      const all = lines();
      const kept = all.filter(({ record }) => keep(record));
      replace(kept);
    },
    prepare: () => {
      standing = undefined;
      const found = readInside(dir, FILE);
      const complete = completeOf(found ?? Buffer.alloc(0));
      if (found === undefined || complete.length < found.length) writeInside(dir, [FILE], complete);
      else unshareInside(dir, FILE);
    },
  };
};
