import { describe, expect, it } from 'vitest';
import { tinyPlan, tinyRun } from '../../test/support/tiny.js';
import type { Values } from '../experiment/index.js';
import type { Epoch } from '../loop/index.js';
import { engineProfile, ones, scope } from '../tensor/index.js';
import { DivergedError } from './diverged.js';
import { type StepProfile, stepProfiler } from './profiler.js';

const STEPS = 4; // an epoch: 14 training images in batches of 4

const STEP_PHASES = [
  'batches',
  'alpha: forward',
  'alpha: backward',
  'alpha: update',
  'weights: forward',
  'weights: backward',
  'weights: clip, update',
  'release, events',
];

const run = async (values: Values, profiler?: ReturnType<typeof stepProfiler>): Promise<Epoch[]> => {
  const { phases, batchSize } = tinyPlan(values);
  const live = tinyRun(phases, { batchSize, profiler });
  const records: Epoch[] = [];
  for await (const event of live) if (event.type === 'epoch') records.push(event.record);
  live.dispose();
  return records;
};

const sum = (items: readonly { share: number }[]): number => items.reduce((total, { share }) => total + share, 0);
const report = (profiler: ReturnType<typeof stepProfiler>): StepProfile => {
  const found = profiler.report();
  if (found === undefined) throw new Error('no step was profiled');
  return found;
};

describe('stepProfiler', () => {
  it.each([1, 2] as const)(
    'divides a step into phases, and into work, that each add up to it: order %i',
    async (order) => {
      const profiler = stepProfiler();
      expect(profiler.report()).toBeUndefined();
      await run({ epochs: 1, order }, profiler);
      const { steps, seconds, phases, work, validationSeconds } = report(profiler);
      expect(steps).toBe(STEPS - 1);
      expect(phases.map((p) => p.name)).toEqual(STEP_PHASES);
      expect(sum(phases)).toBeCloseTo(1, 9);
      expect(sum(work)).toBeCloseTo(1, 9);
      for (const { name, seconds: own, javascript } of phases) {
        expect(own, name).toBeGreaterThan(0);
        expect(javascript, name).toBeGreaterThan(0);
        expect(javascript, name).toBeLessThanOrEqual(own);
      }
      const javascript = work.filter((w) => w.kind === 'javascript').map((w) => w.seconds);
      expect(javascript).toEqual([
        expect.closeTo(
          phases.reduce((total, p) => total + p.javascript, 0),
          9,
        ),
      ]);
      expect(validationSeconds).toBeGreaterThan(0);
      expect(seconds).toBeGreaterThan(0);
    },
  );

  it('tells fused operators from those of libtorch, and counts them by the step', async () => {
    const profiler = stepProfiler();
    await run({ epochs: 1 }, profiler);
    const { work } = report(profiler);
    const kinds = new Map(work.map((w) => [w.name, w.kind]));
    expect(kinds.get('tailnas::node_sum')).toBe('fused');
    expect(kinds.get('tailnas::node_sum, backward')).toBe('fused');
    expect(kinds.get('aten::convolution_backward')).toBe('libtorch');
    expect(kinds.get('engine: grad')).toBe('engine');
    expect(work.find((w) => w.name === 'engine: grad')?.calls).toBe(2);
  });

  it('says when it has seen enough steps, once', async () => {
    let calls = 0;
    const profiler = stepProfiler({ enough: 2, onEnough: () => calls++ });
    await run({ epochs: 2 }, profiler);
    expect(calls).toBe(1);
    expect(report(profiler).steps).toBe(2 * STEPS - 1);
  });

  it('counts the first step only when there is no other', async () => {
    const profiler = stepProfiler();
    await run({ epochs: 1, batchSize: 14 }, profiler);
    expect(report(profiler).steps).toBe(1);
  });

  it('leaves the engine untimed behind a search whose step failed, and counts no such step', async () => {
    const profiler = stepProfiler();
    const live = tinyRun(tinyPlan({ weightLr: 1e30 }).phases, { profiler });
    await expect(async () => {
      for await (const _ of live);
    }).rejects.toThrow(DivergedError);
    live.dispose();
    expect(profiler.report()).toBeUndefined(); // it was the first
    engineProfile.take(); // of the step that failed
    scope(() => void ones([1]));
    expect(engineProfile.take()).toEqual([]);
  });

  it('changes no number of a search, and leaves the engine untimed behind it', async () => {
    const timeless = (records: Epoch[]) => records.map((r) => ({ ...r, seconds: 0, imagesPerSecond: 0 }));
    const plain = await run({});
    expect(timeless(await run({}, stepProfiler()))).toEqual(timeless(plain));
    expect(engineProfile.take()).toEqual([]);
  });
});
