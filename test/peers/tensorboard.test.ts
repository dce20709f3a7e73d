import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventBytes } from '../../src/log/event-bytes.js';
import { momentsOf, writeEventFile } from '../../src/log/index.js';
import { fakeRun } from '../support/fake-runs.js';
import { OWN_CLASSES } from '../support/own-data.js';
import { peers } from '../support/peers.js';

const folder = mkdtempSync(join(tmpdir(), 'tailnas-board-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fake = fakeRun({ name: 'hls', label: 'HLS', seed: 1, epochs: 5, bilateral: true });
const run = { ...fake, info: { ...fake.info, data: { ...fake.info.data, classes: OWN_CLASSES } } };

const CODE = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
board = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0})
board.Reload()
print(json.dumps({tag: [[e.step, e.value, e.wall_time] for e in board.Scalars(tag)] for tag in board.Tags()['scalars']}))
`;
const points = z.record(z.string(), z.array(z.tuple([z.number(), z.number(), z.number()])));
const asRead = (dir: string) =>
  points.parse(
    JSON.parse(execFileSync(peers.python, ['-c', CODE, dir], { stdio: ['ignore', 'pipe', 'ignore'] }).toString()),
  );

/** The same from the run itself, in the precision of the file. */
const asMeant = (of: typeof run) => {
  const all: Record<string, [number, number, number][]> = {};
  for (const { step, time, scalars } of momentsOf(of))
    for (const [tag, value] of scalars) {
      all[tag] ??= [];
      all[tag].push([step, Math.fround(value), time]);
    }
  return all;
};

describe("an event file, read by PyPI's tensorboard", () => {
  it('has every scalar of every epoch and of the test', () => {
    writeEventFile(run, join(folder, 'whole'));
    expect(asRead(join(folder, 'whole'))).toEqual(asMeant(run));
  });

  it('whose last record is torn has all the others', () => {
    const file = writeEventFile(run, join(folder, 'torn'));
    const next = eventBytes({ ...run, records: [...run.records, ...run.records] });
    const whole = eventBytes(run).length;
    appendFileSync(file, next.subarray(whole - 200, whole - 100));
    expect(asRead(join(folder, 'torn'))).toEqual(asMeant(run));
    const cut = eventBytes({ ...run, evaluation: undefined });
    writeFileSync(file, cut.subarray(0, cut.length - 9));
    const kept = { ...run, records: run.records.slice(0, -1), evaluation: undefined };
    expect(asRead(join(folder, 'torn'))).toEqual(asMeant(kept));
  });

  it('takes the place of what an earlier one said, also for a reader that had it open', () => {
    const dir = join(folder, 'resumed');
    writeEventFile(run, dir);
    // As such a reader sees it: the earlier file first, with an epoch that resuming has dropped.
    const dropped = { ...run, records: run.records.map((r) => ({ ...r, trainLoss: 9 })), evaluation: undefined };
    const earlier = join(dir, 'events.out.tfevents.0000000001.host');
    writeFileSync(earlier, eventBytes(dropped));
    expect(asRead(dir)).toEqual(asMeant(run));
  });
});
