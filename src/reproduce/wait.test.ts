import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from '../run/lock.js';
import { whenFree } from './wait.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailnas-wait-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('whenFree', () => {
  it('returns at once where nothing is in use or there is nothing, and leaves no trace', async () => {
    expect(await whenFree([dir, join(dir, 'none')])).toBe(false);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('waits for the process that has it, with one notice', async () => {
    const { release } = lockRun(dir);
    const notices: string[] = [];
    setTimeout(release, 700);
    expect(await whenFree([dir], { onNotice: (text) => notices.push(text) })).toBe(true);
    expect(notices).toEqual([expect.stringMatching(/process \d+ is using it.*waiting up to 60 seconds/)]);
  });

  it('gives up in the end', async () => {
    const { release } = lockRun(dir);
    await expect(whenFree([dir], { seconds: 0.1 })).rejects.toThrow(/process \d+ is using it; wait for it or stop it/);
    release();
  });
});
