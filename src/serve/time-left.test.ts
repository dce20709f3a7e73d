import { describe, expect, it } from 'vitest';
import { progressOf } from './time-left.js';

const phase = (name: string, epochs: number) => ({ name, epochs, knobs: {}, frozen: [] });
const phases = [phase('search', 10), phase('continued', 4)];
const map = (of: Record<string, number>) => new Map(Object.entries(of));

describe('progressOf', () => {
  it('knows nothing before the first epoch has ended', () => {
    const progress = progressOf(phases, { done: new Map(), phase: undefined, seconds: new Map() });
    expect(progress).toEqual({ done: 0, planned: 14, perEpoch: null, left: null });
  });

  it('takes a phase that is to come to be as fast as the one before', () => {
    const progress = progressOf(phases, { done: map({ search: 7 }), phase: 'search', seconds: map({ search: 60 }) });
    expect(progress).toEqual({ done: 7, planned: 14, perEpoch: 60, left: 7 * 60 });
  });

  it('counts each phase at its own pace', () => {
    const progress = progressOf(phases, {
      done: map({ search: 10, continued: 1 }),
      phase: 'continued',
      seconds: map({ search: 60, continued: 20 }),
    });
    expect(progress).toEqual({ done: 11, planned: 14, perEpoch: 20, left: 60 });
  });

  it('expects nothing more of a phase that a stop rule ended', () => {
    const progress = progressOf(phases, {
      done: map({ search: 7, continued: 1 }),
      phase: 'continued',
      seconds: map({ search: 60, continued: 20 }),
    });
    expect(progress.left).toBe(3 * 20);
  });
});
