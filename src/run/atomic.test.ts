import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweepTemporaries, writeAtomic } from './atomic.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tailnas-atomic-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('writeAtomic', () => {
  it('replaces the content, joins pieces in order and leaves nothing else behind', () => {
    const file = join(dir, 'a');
    writeAtomic(file, 'first, and longer');
    writeAtomic(file, [Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)]);
    expect([...readFileSync(file)]).toEqual([1, 2, 3]);
    expect(readdirSync(dir)).toEqual(['a']);
  });

  it('cleans up and names the file when it fails', () => {
    mkdirSync(join(dir, 'taken', 'full'), { recursive: true });
    expect(() => writeAtomic(join(dir, 'taken'), 'x')).toThrow(/^Cannot write .*taken: /);
    expect(readdirSync(dir)).toEqual(['taken']);
  });
});

describe('sweepTemporaries', () => {
  it('removes the files of killed writers only', () => {
    writeFileSync(join(dir, '.tmp-12-run.json'), '{');
    writeFileSync(join(dir, 'run.json'), '{}');
    sweepTemporaries(dir);
    expect(readdirSync(dir)).toEqual(['run.json']);
  });
});
