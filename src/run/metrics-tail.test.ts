import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRun } from '../../test/support/fake-runs.js';
import { linesOf } from '../../test/support/run-folders.js';
import { metricsTail } from './metrics-tail.js';

const { info, records } = fakeRun({ name: 'darts', label: 'DARTS', seed: 0, epochs: 6, bilateral: false });
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailnas-tail-'));
  file = join(dir, 'metrics.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true }));

const tail = () => metricsTail(dir, { info, isSealed: true });
const epochs = ({ records: found }: { records: readonly { epoch: number }[] }) => found.map(({ epoch }) => epoch);

describe('metricsTail', () => {
  it('gives what was added, whole lines only, each once', () => {
    const { look } = tail();
    expect(epochs(look())).toEqual([]);
    writeFileSync(file, linesOf(records.slice(0, 2)));
    expect(epochs(look())).toEqual([0, 1]);
    const line = linesOf(records.slice(2, 3));
    appendFileSync(file, line.slice(0, 100));
    expect(epochs(look())).toEqual([]);
    appendFileSync(file, line.slice(100) + linesOf(records.slice(3, 4)));
    const added = look();
    expect(epochs(added)).toEqual([2, 3]);
    expect(added.records[0]).toEqual(records[2]);
    expect(added).toMatchObject({ reset: false, more: false });
    expect(epochs(look())).toEqual([]);
  });

  it('says that a run went back: the file is shorter, replaced or gone', () => {
    const { look } = tail();
    writeFileSync(file, linesOf(records.slice(0, 4)));
    look();
    writeFileSync(file, linesOf(records.slice(0, 2)));
    expect(look()).toMatchObject({ reset: true });
    rmSync(file);
    writeFileSync(`${file}.new`, ''); // so that the number of the file is another
    writeFileSync(file, linesOf(records.slice(0, 5)));
    const replaced = look();
    expect([replaced.reset, epochs(replaced)]).toEqual([true, [0, 1, 2, 3, 4]]);
    rmSync(file);
    expect(look()).toEqual({ reset: true, records: [], more: false });
    expect(look()).toEqual({ reset: false, records: [], more: false });
  });

  it('reads a long file piece by piece', () => {
    const long = records.map((record) => ({ ...record, padding: 'x'.repeat(700_000) }));
    writeFileSync(file, linesOf(long));
    const { look } = tail();
    const found: number[] = [];
    let pieces = 0;
    for (let more = true; more; pieces++) {
      const added = look();
      found.push(...epochs(added));
      more = added.more;
    }
    expect(found).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pieces).toBeGreaterThan(4);
  });

  it.each<[string, () => void, RegExp]>([
    ['a damaged line', () => writeFileSync(file, `${linesOf(records.slice(0, 1))}{"epoch"\n`), /line 2 is damaged/],
    ['a changed line', () => writeFileSync(file, linesOf(records).replace('0.0', '0.1')), /does not match its seal/],
    [
      'a missing epoch',
      () => writeFileSync(file, linesOf(records.slice(1))),
      /it must be of epoch 0, it is of epoch 1/,
    ],
    ['a link', () => symlinkSync('/etc/passwd', file), /links in a run folder are not followed/],
    ['no end', () => writeFileSync(file, 'x'.repeat(34_000_000)), /line 1 must be shorter than 33554432 bytes/],
  ])('refuses %s', (_, make, message) => {
    make();
    const { look } = tail();
    expect(() => {
      while (look().more);
    }).toThrow(message);
  });
});
