import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { writeAtomic } from './atomic.js';
import { check, parse } from './parse.js';
import { type EpochRecord, epochRecord } from './record.js';

/** The epoch records of a run as a file of JSON lines that only grows, except on resume. */
export interface Metrics {
  /** All records in order. A last line without its line break is a torn write and ignored. Throws on a damaged line. */
  read(): EpochRecord[];
  /** Adds one line and waits for the disk. */
  append(record: EpochRecord): void;
  /** Drops the records that `keep` refuses, in one step. */
  truncate(keep: (record: EpochRecord) => boolean): void;
  /** Makes the file ready for `append`: it exists, and no torn last line is left for the next record to run into. */
  prepare(): void;
}

/** Opens `metrics.jsonl` at `file`, which need not exist yet. */
export const metricsFile = (file: string): Metrics => {
  const lines = (): { line: string; record: EpochRecord }[] => {
    const complete = completeLines(file).toString('utf8').split('\n').slice(0, -1);
    return complete.map((line, index) => ({
      line,
      record: parse(line, {
        schema: epochRecord,
        action: `Cannot read ${file}: line ${index + 1} is damaged`,
        remedy: 'restore the file from a copy or remove that line',
      }),
    }));
  };

  return {
    read: () => lines().map(({ record }) => record),
    append: (record) => {
      const checked = check(record, {
        schema: epochRecord,
        action: `Cannot add a record to ${file}`,
        remedy: 'a number that is not finite means that training diverged: lower the learning rate or clip gradients',
      });
      const descriptor = openSync(file, 'a');
      try {
        writeFileSync(descriptor, `${JSON.stringify(checked)}\n`);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
    truncate: (keep) => {
      const kept = lines().filter(({ record }) => keep(record));
      // The lines as they stand, not as parsed: a later version may have written keys that this one does not know.
      writeAtomic(file, kept.map(({ line }) => `${line}\n`).join(''));
    },
    prepare: () => {
      if (existsSync(file)) truncateSync(file, completeLines(file).length);
      else writeAtomic(file, '');
    },
  };
};

const completeLines = (file: string): Buffer => {
  if (!existsSync(file)) return Buffer.alloc(0);
  const content = readFileSync(file);
  return content.subarray(0, content.lastIndexOf('\n') + 1);
};
