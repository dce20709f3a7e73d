import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointStore } from './checkpoints.js';

let run = '';
let dir = '';
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'tailnas-checkpoints-'));
  dir = join(run, 'checkpoints');
});
afterEach(() => rmSync(run, { recursive: true }));

const content = (epoch: number) => [Uint8Array.of(epoch, 1, 2), Uint8Array.of(3)];
const saved = (epochs: number[]) => {
  const store = checkpointStore(run);
  for (const epoch of epochs) store.save({ epoch, step: epoch * 40 }, content(epoch));
  return store;
};
const epochs = () =>
  checkpointStore(run)
    .list()
    .map(({ position }) => position.epoch);
/** Cuts the newest `count` files short, as a bad disk might. */
const damage = (count: number) => {
  const files = checkpointStore(run)
    .list()
    .slice(0, count)
    .map(({ file }) => file);
  for (const file of files) truncateSync(join(dir, file), 2);
  return files;
};

describe('checkpointStore', () => {
  it('names a file after its position and the hash of its content', () => {
    saved([3]);
    // printf '\003\001\002\003' | sha256sum
    expect(readdirSync(dir)).toEqual(['epoch-0003-step-000120-5c42fbeb8424c28e.safetensors']);
  });

  it('keeps the newest three and gives the newest back', () => {
    const store = saved([1, 2, 9, 10, 11]);
    expect(epochs()).toEqual([11, 10, 9]);
    expect(store.newest()).toMatchObject({ position: { epoch: 11, step: 440 }, damaged: [] });
    expect([...(store.newest()?.bytes ?? [])]).toEqual([11, 1, 2, 3]);
  });

  it('orders by number where names would not', () => {
    const store = saved([9999, 10000]);
    expect(store.newest()?.position.epoch).toBe(10000);
  });

  it('falls back past damaged ones and names them', () => {
    const store = saved([1, 2, 3]);
    const damaged = damage(2);
    expect(store.newest()).toMatchObject({ position: { epoch: 1 }, damaged });
  });

  it('says so when all are damaged, and has nothing to give when there are none', () => {
    expect(checkpointStore(join(run, 'missing')).newest()).toBeUndefined();
    const store = saved([1, 2]);
    const [newest, oldest] = damage(2);
    expect(() => store.newest()).toThrow(`none of ${newest}, ${oldest} does`);
  });

  it('drops what a run that went back has left ahead, so that it cannot be resumed from', () => {
    const store = saved([1, 2, 3]);
    damage(2);
    store.save({ epoch: 2, step: 80 }, [Uint8Array.of(7)]);
    expect(epochs()).toEqual([2, 1]);
    expect(store.newest()?.damaged).toEqual([]);
  });

  it('leaves other files alone', () => {
    mkdirSync(dir);
    writeFileSync(join(dir, 'notes.txt'), '');
    saved([1, 2, 3, 4]);
    expect(readdirSync(dir)).toContain('notes.txt');
    expect(epochs()).toEqual([4, 3, 2]);
  });
});
