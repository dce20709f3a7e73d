import type { StepProfiler } from '../learn/index.js';
import { memory } from '../tensor/index.js';

/** One stretch of work, as the profiler calls it. */
export interface Lap {
  readonly name: string;
  readonly seconds: number;
  /** The most bytes that tensors took at once. */
  readonly peak: number;
}

/** Times and weighs the work of steps, and what is done between them. */
export interface Stopwatch extends StepProfiler {
  /** All laps since it was last asked: those of each step, and those that belong to none. */
  take(): { readonly steps: readonly (readonly Lap[])[]; readonly between: readonly Lap[] };
}

/** A profiler that also knows the memory of each stretch of work; the engine is not slowed down. */
export const stopwatch = (): Stopwatch => {
  let steps: Lap[][] = [];
  let between: Lap[] = [];
  let into = between;
  let [name, from] = ['', performance.now()];
  const enter = (next: string): void => {
    const now = performance.now();
    into.push({ name, seconds: (now - from) / 1000, peak: memory.stats().peak });
    memory.resetPeak();
    [name, from] = [next, now];
  };
  return {
    begin: () => {
      enter('batches');
      into = [];
      steps.push(into);
    },
    enter,
    end: () => {
      enter('');
      into = between;
    },
    validated: () => {},
    stop: () => {},
    report: () => undefined,
    take: () => {
      enter(name);
      const all = { steps, between };
      [steps, between] = [[], []];
      into = between;
      return all;
    },
  };
};
