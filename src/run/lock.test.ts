import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from './lock.js';

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
});
