import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { nativeDir } from './engine/paths.js';
import { readEngine } from './engine/record.js';
import { libtorch, memory, rand, randn, rng, scope, threads, zeros } from './index.js';

const draw = () => scope(() => [...randn([7]).toArray(), ...rand([3]).toArray()]);

describe('rng', () => {
  it('repeats what follows a seed or a restored state, across kinds of numbers', () => {
    rng.seed(5);
    const first = draw();
    const state = rng.state();
    const second = draw();
    rng.restore(state);
    expect(draw()).toEqual(second);
    rng.seed(5);
    expect(draw()).toEqual(first);
    expect(second).not.toEqual(first);
    rng.seed(6);
    expect(draw()).not.toEqual(first);
  });

  it('gives a state that later draws leave alone', () => {
    const state = rng.state();
    const copy = state.slice();
    draw();
    expect(state).toEqual(copy);
  });

  it('refuses what is no state', () => {
    const state = rng.state();
    expect(() => rng.restore(new Uint8Array(3))).toThrow(/^Cannot set the random state: /);
    expect(rng.state()).toEqual(state);
    expect(() => rng.seed(0.5)).toThrow('Cannot seed: must be a whole number');
  });
});

describe('threads', () => {
  it('can be read and set', () => {
    const before = threads.get();
    threads.set(2);
    expect(threads.get()).toBe(2);
    threads.set(before);
    for (const n of [0, -1, 1.5, 5000]) expect(() => threads.set(n)).toThrow(/^Cannot set threads: /);
    expect(threads.get()).toBe(before);
  });
});

describe('memory', () => {
  const size = 1 << 20; // bytes
  const block = () => zeros([size / 4]);

  it('counts to the byte what is alive', () => {
    const { live } = memory.stats();
    const x = block();
    expect(memory.stats().live).toBe(live + size);
    x.dispose();
    expect(memory.stats().live).toBe(live);
  });

  it('reuses what was freed: a hundred allocations of one size need one block', () => {
    memory.trim();
    memory.resetPeak();
    const { live } = memory.stats();
    for (let i = 0; i < 100; i++) block().dispose();
    const { peak, kept } = memory.stats();
    expect(peak).toBe(live + size);
    expect(kept).toBe(size + 64); // a block has a header
    memory.trim();
    expect(memory.stats().kept).toBe(0);
  });

  it('starts the peak anew', () => {
    scope(() => {
      block();
      block();
    });
    expect(memory.stats().peak).toBeGreaterThanOrEqual(memory.stats().live + 2 * size);
    memory.resetPeak();
    expect(memory.stats().peak).toBe(memory.stats().live);
  });

  it('says so when there is not enough', () => {
    expect(() => zeros([2 ** 45])).toThrow(/^aten::zeros: .*(out of memory|allocate)/);
    expect(() => zeros([2 ** 52, 2 ** 52])).toThrow(/^aten::zeros: /);
  });
});

describe('libtorch', () => {
  it('tells its version', () => {
    expect(libtorch().version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('refuses a second thread, which would race on the one table of tensors', async () => {
    libtorch();
    const addon = readEngine({ env: process.env, sourceDir: nativeDir() })?.addon ?? '';
    const worker = new Worker('require(require("node:worker_threads").workerData)', { eval: true, workerData: addon });
    const error = await new Promise((done) => worker.once('error', done).once('exit', done));
    expect(String(error)).toMatch(/already loaded by another thread of this process; use child processes/);
  });
});
