import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { liveTensors, memory } from '../src/tensor/index.js';
import { tinyPlan, tinyRun } from './support/tiny.js';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const MEGABYTE = 1 << 20;

/** Resident memory beside JavaScript's own heap. */
const resident = (): number => {
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
};

describe('three hundred search steps', () => {
  it.each([1, 2] as const)('of order %d leave no tensor behind and take no more memory', async (order) => {
    const live = tinyRun(tinyPlan({ order, epochs: 75 }).phases); // 4 steps per epoch
    expect(live.stepsPerEpoch).toBe(4);
    let steps = 0;
    let [tensors, bytes] = [0, 0];
    const held: number[] = [];
    for await (const event of live) {
      if (event.type !== 'step') continue;
      steps++;
      if (steps === 10) [tensors, bytes] = [liveTensors(), memory.stats().live];
      if (steps > 10) expect([steps, liveTensors(), memory.stats().live]).toEqual([steps, tensors, bytes]);
      if (steps % 10 === 0) collect(); // or JavaScript's heap swells, and the pages it gives back look like ours
      if (steps % 100 === 0) held.push(resident());
    }
    live.dispose();
    expect(steps).toBe(300);
    // A leak grows with every hundred steps; what is compiled or kept once grows in one of them.
    const growth = held.slice(1).map((bytes, i) => bytes - (held[i] ?? 0));
    expect(growth).toHaveLength(2);
    expect(Math.min(...growth)).toBeLessThan(MEGABYTE);
  });
});
