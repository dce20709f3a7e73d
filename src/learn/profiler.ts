import { engineProfile } from '../tensor/index.js';

/** How long a phase takes in a step. */
export interface PhaseTime {
  readonly name: string;
  readonly seconds: number;
  /** Of the step. */
  readonly share: number;
  /** Seconds of it outside the engine. */
  readonly javascript: number;
}

/** What one kind of work takes in a step. */
export interface WorkTime {
  readonly kind: 'fused' | 'libtorch' | 'engine' | 'javascript';
  readonly name: string;
  /** A step. */
  readonly calls: number;
  /** Its own, a step. */
  readonly seconds: number;
  /** Of the step. */
  readonly share: number;
}

/** Where the time of a step goes, in the mean: the phases add up to the step, and so does the work. */
export interface StepProfile {
  readonly steps: number;
  readonly seconds: number;
  readonly phases: readonly PhaseTime[];
  /** What takes most first. */
  readonly work: readonly WorkTime[];
  /** A pass over the validation images: once per epoch, not part of a step. */
  readonly validationSeconds: number | null;
}

/** Receives the phase changes of a step, and times them. */
export interface StepProfiler {
  /** A step begins, with its batches. */
  begin(): void;
  enter(phase: string): void;
  end(): void;
  /** How long a pass over the validation images took. */
  validated(seconds: number): void;
  /** Times nothing any more: a step may have failed before its end. */
  stop(): void;
  /** Of the steps so far; undefined before the end of the first. */
  report(): StepProfile | undefined;
}

const kindOf = (name: string): WorkTime['kind'] =>
  name.startsWith('engine: ') ? 'engine' : name.startsWith('tailnas::') ? 'fused' : 'libtorch';

const fresh = () => ({
  steps: 0,
  phases: new Map<string, { seconds: number; inside: number }>(),
  work: new Map<string, { calls: number; seconds: number }>(),
});

/**
 * Finds where the time of steps goes. The first step warms caches and memory up, and counts only when it is the only
 * one. Calls `onEnough` after the step that makes `enough` of them.
 */
export const stepProfiler = ({
  enough = Number.POSITIVE_INFINITY,
  onEnough = () => {},
}: {
  enough?: number;
  onEnough?: () => void;
} = {}): StepProfiler => {
  let totals = fresh();
  let warm = false;
  // Of the step under way; only one that ends is counted.
  let laps: { phase: string; seconds: number; inside: number }[] = [];

  const lap = (phase: string): void => {
    laps.push({ phase, seconds: performance.now() / 1000, inside: engineProfile.seconds() });
  };
  let validation: number | null = null;
  return {
    begin: () => {
      if (totals.steps === 1 && !warm) {
        totals = fresh();
        warm = true;
      }
      laps = [];
      engineProfile.start();
      lap('batches');
    },
    enter: lap,
    end: () => {
      lap('batches'); // of the next step: here this one ends
      engineProfile.stop();
      for (const [i, { phase, seconds, inside }] of laps.entries()) {
        const next = laps[i + 1];
        if (next === undefined) break;
        const sum = totals.phases.get(phase) ?? { seconds: 0, inside: 0 };
        totals.phases.set(phase, {
          seconds: sum.seconds + next.seconds - seconds,
          inside: sum.inside + next.inside - inside,
        });
      }
      for (const { name, calls, seconds } of engineProfile.take()) {
        const sum = totals.work.get(name) ?? { calls: 0, seconds: 0 };
        totals.work.set(name, { calls: sum.calls + calls, seconds: sum.seconds + seconds });
      }
      totals.steps++;
      if (warm && totals.steps === enough) onEnough();
    },
    validated: (seconds) => {
      validation = seconds;
    },
    stop: engineProfile.stop,
    report: () => {
      const { steps, phases, work } = totals;
      if (steps === 0) return undefined;
      const all = [...phases.values()].reduce((sum, p) => sum + p.seconds, 0);
      const inside = [...work.values()].reduce((sum, w) => sum + w.seconds, 0);
      const entry = (name: string, { calls, seconds }: { calls: number; seconds: number }) => ({
        name,
        calls: calls / steps,
        seconds: seconds / steps,
        share: seconds / all,
      });
      return {
        steps,
        seconds: all / steps,
        phases: [...phases].map(([name, { seconds, inside: engine }]) => {
          return { name, seconds: seconds / steps, share: seconds / all, javascript: (seconds - engine) / steps };
        }),
        work: [
          { kind: 'javascript' as const, ...entry('JavaScript', { calls: 0, seconds: all - inside }) },
          ...[...work].map(([name, sum]) => ({ kind: kindOf(name), ...entry(name, sum) })),
        ].sort((a, b) => b.seconds - a.seconds),
        validationSeconds: validation,
      };
    },
  };
};
