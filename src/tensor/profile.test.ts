import { afterEach, describe, expect, it } from 'vitest';
import { readSource } from '../space/index.js';
import { type EngineWork, engineProfile, grad, matmul, ones, randn, scope, sum, tensor } from './index.js';

const profiled = (body: () => void): { work: EngineWork[]; seconds: number; of: (name: string) => number } => {
  engineProfile.start();
  try {
    scope(body);
  } finally {
    engineProfile.stop();
  }
  const seconds = engineProfile.seconds();
  const work = engineProfile.take();
  return { work, seconds, of: (name) => work.find((w) => w.name === name)?.calls ?? 0 };
};

afterEach(() => engineProfile.stop());

describe('engineProfile', () => {
  it('counts operators, and the calls that ran them', () => {
    const { of } = profiled(() => {
      const x = randn([4, 4]);
      for (let i = 0; i < 3; i++) matmul(x, x);
    });
    expect(of('aten::matmul')).toBe(3);
    expect(of('aten::mm')).toBe(3); // within matmul
    expect(of('engine: call')).toBe(4);
    expect(of('engine: endScope')).toBe(1);
  });

  it('gives each its own time, which add up to the time inside the engine', () => {
    const from = performance.now();
    const { work, seconds } = profiled(() => {
      const x = randn([600, 600]);
      matmul(x, x);
    });
    const wall = (performance.now() - from) / 1000;
    expect(work.reduce((total, w) => total + w.seconds, 0)).toBeCloseTo(seconds, 9);
    expect(seconds).toBeLessThan(wall);
    for (const w of work) expect(w.seconds, w.name).toBeGreaterThanOrEqual(0);
    const own = (name: string): number => work.find((w) => w.name === name)?.seconds ?? 0;
    expect(own('aten::mm')).toBeGreaterThan(10 * own('aten::matmul'));
  });

  it('sees into the backward pass, also of fused operators', () => {
    const { work, of } = profiled(() => {
      const x = randn([2, 8, 6, 6]).requireGrad();
      const [[reading] = []] = readSource(
        [x],
        [{ reads: { kind: 'pointwise', weight: { value: randn([8, 8, 1, 1]) } } }],
      );
      if (reading !== undefined) grad(sum(reading.raw), [x]);
      const w = randn([3, 3]).requireGrad();
      grad(sum(matmul(ones([2, 3]), w)), [w]);
    });
    expect(of('tailnas::read_source, backward')).toBe(1);
    expect(of('aten::mm')).toBe(2); // one there, one back
    expect(of('engine: backward nodes')).toBeGreaterThan(0);
    expect(work.filter((w) => w.name.includes('CppNode'))).toEqual([]);
  });

  it('outlives an operator that fails', () => {
    const { of, work, seconds } = profiled(() => {
      const x = randn([2, 3]);
      expect(() => matmul(x, x)).toThrow(/aten::matmul/);
      matmul(x, ones([3, 1]));
    });
    expect(of('aten::matmul')).toBe(2);
    expect(work.reduce((total, w) => total + w.seconds, 0)).toBeCloseTo(seconds, 9);
  });

  it('sees nothing unless it is started, and nothing of what was before', () => {
    scope(() => void matmul(ones([1, 1]), ones([1, 1])));
    expect(engineProfile.seconds()).toBe(0);
    expect(engineProfile.take()).toEqual([]);
    profiled(() => void tensor([1]));
    expect(engineProfile.take()).toEqual([]);
  });
});
