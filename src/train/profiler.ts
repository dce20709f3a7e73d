import { engineProfile } from '../tensor/index.js';

/** What a search step consists of, in order. */
export const STEP_PHASES = [
  'batches',
  'alpha: forward',
  'alpha: backward',
  'alpha: update',
  'weights: forward',
  'weights: backward',
  'weights: clip, update',
  'release, events',
] as const;
type StepPhase = (typeof STEP_PHASES)[number];

/** How long a phase takes in a step. */
export interface PhaseTime {
  readonly name: StepPhase;
  readonly seconds: number;
  readonly share: number; // of the step
  readonly javascript: number; // seconds of it outside the engine
}

/** What one kind of work takes in a step. */
export interface Work {
  readonly kind: 'fused' | 'libtorch' | 'engine' | 'javascript';
  readonly name: string;
  readonly calls: number; // a step
  readonly seconds: number; // its own, a step
  readonly share: number; // of the step
}

/** Where the time of a search step goes, in the mean: the phases add up to the step, and so does the work. */
export interface StepProfile {
  readonly steps: number;
  readonly seconds: number;
  readonly phases: readonly PhaseTime[];
  readonly work: readonly Work[]; // what takes most first
  readonly validationSeconds: number | null; // a pass over the validation images: once an epoch, no part of a step
}

/** Is told what a search step is at, and times it. */
export interface StepProfiler {
  /** A step begins, with its batches. */
  begin(): void;
  enter(phase: StepPhase): void;
  end(): void;
  /** How long a pass over the validation images took. */
  validated(seconds: number): void;
  /** Times nothing any more: a step may have failed before its end. */
  stop(): void;
  /** Of the steps so far; undefined before the end of the first. */
  report(): StepProfile | undefined;
}

const kindOf = (name: string): Work['kind'] =>
  name.startsWith('engine: ') ? 'engine' : name.startsWith('tailnas::') ? 'fused' : 'libtorch';

const fresh = () => ({
  steps: 0,
  phases: new Map<StepPhase, { seconds: number; inside: number }>(),
  work: new Map<string, { calls: number; seconds: number }>(),
});

/**
 * Finds where the time of search steps goes. The first step warms caches and memory up, and counts only when it is the only one.
 * Calls `onEnough` after the step that makes `enough` of them.
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
  let phase: StepPhase = 'batches';
  let validation: number | null = null;
  let since = { seconds: 0, inside: 0 };

  const now = () => ({ seconds: performance.now() / 1000, inside: engineProfile.seconds() });
  const enter = (next: StepPhase): void => {
    const at = now();
    const sum = totals.phases.get(phase) ?? { seconds: 0, inside: 0 };
    sum.seconds += at.seconds - since.seconds;
    sum.inside += at.inside - since.inside;
    totals.phases.set(phase, sum);
    phase = next;
    since = at;
  };
  return {
    begin: () => {
      if (totals.steps === 1 && !warm) {
        totals = fresh();
        warm = true;
      }
      phase = 'batches';
      engineProfile.start();
      since = now();
    },
    enter,
    end: () => {
      enter('batches');
      engineProfile.stop();
      for (const { name, calls, seconds } of engineProfile.take()) {
        const sum = totals.work.get(name) ?? { calls: 0, seconds: 0 };
        sum.calls += calls;
        sum.seconds += seconds;
        totals.work.set(name, sum);
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
        phases: STEP_PHASES.map((name) => {
          const { seconds, inside: engine } = phases.get(name) ?? { seconds: 0, inside: 0 };
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
