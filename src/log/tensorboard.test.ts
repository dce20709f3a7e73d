import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { createRun } from '../run/index.js';
import { eventBytes, maskedCrc } from './event-bytes.js';
import { hasEventFile, momentsOf, openEventFile, writeEventFile } from './index.js';

const search = fakeRun({ name: 'hls', label: 'HLS', seed: 1, epochs: 3, bilateral: true });

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailnas-board-'));
});
afterEach(() => rmSync(dir, { recursive: true }));
const eventFiles = (): string[] => readdirSync(dir).filter((name) => name.startsWith('events.'));
const kept = (): Buffer => readFileSync(join(dir, eventFiles()[0] ?? ''));

describe('the scalars of a run', () => {
  it('are what stands in its records and its test', () => {
    const [first, , , test] = momentsOf(search);
    const epoch = Object.fromEntries(first?.scalars ?? []);
    const record = search.records[0];
    expect(first?.step).toBe(1);
    expect(first?.time).toBeCloseTo(Date.parse(search.info.startedAt) / 1000 + (record?.seconds ?? 0), 6);
    expect(epoch).toMatchObject({
      'loss/train': record?.trainLoss,
      'validation class/truck': record?.perClassAccuracy?.[9],
      'schedule/archLr.backbone': record?.knobs['archLr.backbone'],
      'gradient norm/weights class': record?.gradNorm['weights']?.['class'],
      'validation at/mixing 0.3': record?.answers?.[3]?.meanPerClassAccuracy,
      'time/seconds per epoch': record?.seconds,
    });
    const weights = Object.entries(epoch).filter(([tag]) => tag.startsWith('weight backbone normal/'));
    expect(weights).toHaveLength(8);
    expect(weights.reduce((sum, [, weight]) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(epoch['skips/backbone normal cell']).toBeGreaterThanOrEqual(0);
    expect(Object.fromEntries(test?.scalars ?? [])).toMatchObject({
      'accuracy/test': search.evaluation?.accuracy,
      'test/tail': search.evaluation?.ranks.tail,
    });
  });

  it('leave out what there is not: no validation, no alpha', () => {
    const trained = fakeTraining({ name: 'train-x', label: 'x', seed: 1, epochs: 2, validated: false });
    const tags = momentsOf(trained)[0]?.scalars.map(([tag]) => tag) ?? [];
    expect(tags).toContain('loss/train');
    expect(tags.filter((tag) => /^(validation|weight |accuracy\/validation)/.test(tag))).toEqual([]);
  });
});

describe('an event file', () => {
  it('has sums as TensorFlow has them', () => {
    // CRC-32C of these digits is 0xe3069283 (RFC 3720, and any list of check values).
    const crc = 0xe3069283;
    expect(maskedCrc(Buffer.from('123456789'))).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  });

  it('of a shorter run is the beginning of that of the longer', () => {
    const whole = eventBytes(search);
    for (let n = 0; n <= 3; n++) {
      const part = eventBytes({ ...search, records: search.records.slice(0, n), evaluation: undefined });
      expect(Buffer.compare(whole.subarray(0, part.length), part)).toBe(0);
      expect(part.length).toBeLessThan(whole.length);
    }
  });

  it('grows with its run, and is made anew from the records after a kill', () => {
    const run = createRun(dir, { ...search.info });
    const [first, second, third] = search.records;
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three');
    expect(hasEventFile(dir)).toBe(false);
    const file = openEventFile(dir);
    expect(hasEventFile(dir)).toBe(true);
    for (const record of [first, second]) {
      run.appendRecord(record);
      file.update();
    }
    file.update();
    expect(Buffer.compare(kept(), eventBytes({ ...search, records: [first, second], evaluation: undefined }))).toBe(0);

    // Killed within a write; then resumed from before the second epoch, which takes another course.
    appendFileSync(join(dir, eventFiles()[0] ?? ''), Buffer.from([1, 2, 3]));
    run.truncateRecords(({ epoch }) => epoch < 1);
    const again = { ...second, trainLoss: 7 };
    const resumed = openEventFile(dir);
    run.appendRecord(again);
    resumed.update();
    run.appendRecord(third);
    if (search.evaluation) run.writeEvaluation(search.evaluation);
    resumed.update();
    expect(eventFiles()).toHaveLength(1);
    expect(Buffer.compare(kept(), eventBytes({ ...search, records: [first, again, third] }))).toBe(0);
    run.close();
  });

  it('takes the place of earlier ones of ours alone, and of no link', () => {
    writeFileSync(join(dir, 'events.out.tfevents.1.host.tailnas'), 'old');
    writeFileSync(join(dir, 'events.out.tfevents.1.host'), 'of another program');
    const elsewhere = join(dir, 'elsewhere');
    writeFileSync(elsewhere, 'kept');
    symlinkSync(elsewhere, join(dir, 'events.out.tfevents.2.host.tailnas'));
    const path = writeEventFile(search, dir);
    expect(eventFiles().sort()).toEqual(['events.out.tfevents.1.host', path.slice(dir.length + 1)].sort());
    expect(readFileSync(elsewhere, 'utf8')).toBe('kept');
  });
});
