import {
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LockTimes, lockRun } from './lock.js';
import { lockName, ownPlace, type Place } from './owner.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailnas-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('lockRun', () => {
  it('is held once and free again after release', () => {
    const { release } = lockRun(dir);
    expect(() => lockRun(dir)).toThrow(
      `Cannot open run ${dir}: process ${process.pid} is using it; wait for it or stop it`,
    );
    release();
    expect(readdirSync(dir)).toEqual([]);
    const { release: again } = lockRun(dir);
    release();
    expect(readdirSync(dir)).toHaveLength(1);
    again();
  });

  it('takes over from a pid that no process has', () => {
    writeFileSync(join(dir, 'lock-2147483646-5'), '');
    const { release } = lockRun(dir);
    expect(readdirSync(dir)).toHaveLength(1);
    expect(readdirSync(dir)).not.toContain('lock-2147483646-5');
    release();
  });

  it('refuses when a living process has the lock but its start time is not known', () => {
    writeFileSync(join(dir, `lock-${process.ppid}-0`), '');
    expect(() => lockRun(dir)).toThrow(`process ${process.ppid} is using it`);
    expect(readdirSync(dir)).toEqual([`lock-${process.ppid}-0`]);
  });

  it.runIf(process.platform === 'linux')('takes over from a pid that a later process was given', () => {
    writeFileSync(join(dir, `lock-${process.ppid}-1`), '');
    lockRun(dir).release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('has its owner in its name: process, start, boot, namespace and host', () => {
    const { release } = lockRun(dir, { place: here });
    const [name = ''] = readdirSync(dir);
    expect(name).toMatch(new RegExp(`^lock-${process.pid}-\\d+-0b00-11-here$`));
    release();
    expect(ownPlace().host).toMatch(/^[\w.-]+$/);
  });
});

const here: Place = { host: 'here', boot: '0b00', namespace: '11' };
/** Seconds as milliseconds go by: a beat of 50, old after 400, watched for 120. */
const times: LockTimes = { beat: 0.05, old: 0.4, watch: 0.12 };
const elsewhere: readonly (readonly [string, Place, RegExp])[] = [
  ['on another host', { host: 'there', boot: '0b01', namespace: '11' }, /on host there is using it/],
  ['in another pid namespace', { ...here, namespace: '12' }, /in another container or process namespace of this host/],
  ['before the last start of this host', { ...here, boot: '0b02' }, /on a host of the same name, here, or before its/],
];

/** Puts up the lock of an owner elsewhere, whose last sign of life was so many seconds ago. */
const foreign = (place: Place, { pid = 7, ago = 0 }: { pid?: number; ago?: number } = {}): string => {
  const file = join(dir, lockName({ ...place, pid, start: 99 }));
  writeFileSync(file, '.');
  const then = new Date(Date.now() - 1000 * ago);
  utimesSync(file, then, then);
  return file;
};

describe('a lock whose owner is elsewhere', () => {
  it.each(elsewhere)('is refused with its age, though no process here has that number: %s', (_, place, message) => {
    const file = foreign(place, { pid: 2147483646, ago: 100 });
    const { host } = here;
    expect(() => lockRun(dir, { place: { ...here, host } })).toThrow(message);
    expect(() => lockRun(dir, { place: here })).toThrow(
      /^Cannot open run .*: process 2147483646 .* last heard of 10\d s ago; wait for it or stop it \(5 minutes/,
    );
    expect(readdirSync(dir)).toEqual([basename(file)]);
  });

  it.each(elsewhere)('is refused though a process here has its number and died: %s', (_, place) => {
    foreign(place, { pid: process.ppid });
    expect(() => lockRun(dir, { place: here })).toThrow('last heard of 0 s ago');
  });

  it.each(elsewhere)('is taken over once its heartbeat is old: %s', (_, place) => {
    const file = foreign(place, { ago: 0.5 });
    const { release } = lockRun(dir, { place: here, times });
    expect(existsSync(file)).toBe(false);
    release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is known by its boot and namespace, whatever the host is called now', () => {
    const file = foreign({ ...here, host: 'renamed' }, { pid: 2147483646 });
    lockRun(dir, { place: here }).release();
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    ['ahead by a day', 86400],
    ['back by a day', -86400],
  ])('is not taken over when the clock jumps %s, as its owner still writes', (_, ago) => {
    const file = foreign(elsewhere[0]?.[1] ?? here, { ago });
    // Another thread: this one waits meanwhile.
    const worker = new Worker(
      `const { openSync, writeSync } = require('node:fs');
       const descriptor = openSync(${JSON.stringify(file)}, 'r+');
       require('node:worker_threads').parentPort.postMessage('ready');
       setInterval(() => writeSync(descriptor, '.', 0), 50);`,
      { eval: true },
    );
    return new Promise<void>((resolve, reject) => {
      worker.once('message', () => {
        try {
          utimesSync(file, new Date(Date.now() - 1000 * ago), new Date(Date.now() - 1000 * ago));
          expect(() => lockRun(dir, { place: here, times: { ...times, watch: 1 } })).toThrow(
            'on host there is using it',
          );
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    }).finally(() => worker.terminate());
  });

  it('is taken over when its last sign is from the future and none follows', () => {
    const file = foreign(elsewhere[0]?.[1] ?? here, { ago: -86400 });
    lockRun(dir, { place: here, times }).release();
    expect(existsSync(file)).toBe(false);
  });

  it('is no folder or link that a stranger put there to have it kept or followed', () => {
    mkdirSync(join(dir, 'lock-7-99-0b01-11-there'));
    writeFileSync(join(dir, 'lock-7-99-0b01-11-there', 'x'), '');
    symlinkSync('/dev/zero', join(dir, 'lock-8-99-0b01-11-there'));
    for (const name of readdirSync(dir)) lutimesSync(join(dir, name), new Date(0), new Date(0));
    lockRun(dir, { place: here, times }).release();
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a lock that is held', () => {
  it('gives a sign of life again and again', async () => {
    const { release } = lockRun(dir, { times });
    const file = join(dir, readdirSync(dir)[0] ?? '');
    const signs = new Set<number>();
    for (let i = 0; i < 100 && signs.size < 3; i++) {
      signs.add(statSync(file).mtimeMs);
      await setTimeout(10);
    }
    release();
    expect(signs.size).toBe(3);
  });

  it('says that it was lost once another process has taken it over, and takes nothing from that', () => {
    const lock = lockRun(dir, { place: here, times });
    lock.check();
    const [own = ''] = readdirSync(dir);
    utimesSync(join(dir, own), new Date(0), new Date(0)); // it stood still
    const other = lockRun(dir, { place: { ...here, namespace: '12' }, times });
    expect(() => lock.check()).toThrow(
      `Cannot write to run ${dir}: another process took it over while this one stood still, or its lock was removed;`,
    );
    other.check();
    lock.release();
    other.check();
    other.release();
  });

  it('names the folder that vanished', () => {
    const lock = lockRun(dir);
    rmSync(dir, { recursive: true });
    expect(() => lock.check()).toThrow(`Cannot write to run ${dir}: it is not there any more (ENOENT); check whether`);
    mkdirSync(dir);
    lock.release();
  });
});
