import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeDir } from '../engine/paths.js';
import { readEngine } from '../engine/record.js';
import { full, libtorch, memory, rand, randn, rng, scope, type Tensor, tensorOp, threads, zeros } from './index.js';

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
  const min = tensorOp('aten::min', 'self');
  const max = tensorOp('aten::max', 'self');

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

  it('serves a large tensor from small ones that were freed beside one another', () => {
    memory.trim();
    memory.resetPeak();
    const { live } = memory.stats();
    for (const x of Array.from({ length: 8 }, block)) x.dispose();
    const { kept } = memory.stats();
    const large = zeros([(7.5 * size) / 4]);
    expect(memory.stats()).toEqual({ live: live + 7.5 * size, peak: live + 8 * size, kept: kept - 7.5 * size - 64 });
    large.dispose();
    expect(memory.stats().kept).toBe(kept);
  });

  it('gives every tensor bytes of its own, in whatever order tensors come and go', () => {
    const length = fc.nat(84).map((n) => Math.ceil(2 ** (n / 4))); // of up to 8 MiB
    const allocation = fc.record({ length, frees: fc.nat(2), which: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(allocation, { maxLength: 40 }), (allocations) => {
        memory.trim();
        const { live, kept } = memory.stats();
        const alive: { x: Tensor; value: number; bytes: number }[] = [];
        const free = (which: number) => {
          for (const { x, value } of alive.splice(which % alive.length, 1)) {
            expect(scope(() => [min(x).item(), max(x).item()])).toEqual([value, value]);
            x.dispose();
          }
        };
        for (const [value, { length, frees, which }] of allocations.entries()) {
          alive.push({ x: full([length], value), value, bytes: Math.ceil(length / 16) * 64 });
          for (let i = 0; i < frees; i++) free(which);
          expect(memory.stats().live).toBe(alive.reduce((sum, { bytes }) => sum + bytes, live));
        }
        while (alive.length > 0) free(0);
        memory.trim();
        expect(memory.stats()).toMatchObject({ live, kept });
      }),
    );
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
