import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from './lock.js';
import { lockWatch } from './lock-watch.js';
import { lockName, type Owner } from './owner.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailnas-locks-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const names = (): string[] => readdirSync(dir);
const elsewhere: Owner = { pid: 7, start: 9, boot: 'abcdef01', namespace: '5', host: 'node17' };
const MINUTE = 60_000;

describe('lockWatch', () => {
  it('tells who is writing here, and leaves the lock alone', () => {
    const watch = lockWatch(dir);
    expect(watch(names())).toBeUndefined();
    const lock = lockRun(dir);
    const before = names();
    expect(watch(names())?.pid).toBe(process.pid);
    expect(names()).toEqual(before);
    lock.release();
    expect(watch(names())).toBeUndefined();
  });

  it('does not believe a lock that its owner left', () => {
    writeFileSync(join(dir, 'lock-999999999-1'), '');
    expect(lockWatch(dir)(names())).toBeUndefined();
    expect(names()).toEqual(['lock-999999999-1']);
  });

  it('knows an owner on another host by its heartbeat', () => {
    const file = join(dir, lockName(elsewhere));
    let now = 1_000 * MINUTE;
    const watch = lockWatch(dir, { now: () => now });
    const beat = (at: number): void => utimesSync(file, at / 1000, at / 1000);
    writeFileSync(file, '');
    beat(now - MINUTE);
    expect(watch(names())).toEqual(elsewhere);
    now += 4.5 * MINUTE; // without a sign for more than five minutes
    expect(watch(names())).toBeUndefined();
    beat(now - 100 * MINUTE); // a sign, by a clock that is slow
    expect(watch(names())).toEqual(elsewhere);
    now += 4 * MINUTE;
    expect(watch(names())).toEqual(elsewhere);
    now += 2 * MINUTE;
    expect(watch(names())).toBeUndefined();
  });

  it('takes one whose last sign is old when it is first seen to be gone', () => {
    const file = join(dir, lockName(elsewhere));
    writeFileSync(file, '');
    utimesSync(file, 10, 10);
    expect(lockWatch(dir)(names())).toBeUndefined();
  });
});
