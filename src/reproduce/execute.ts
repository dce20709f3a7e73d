import type { PlannedRun } from './plan.js';

/** How a child process ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A run under way in a process of its own. */
export interface Child {
  /** Rejects when there could be no such process. */
  readonly exit: Promise<ChildExit>;
  /** Asks it to save and stop; asked twice it leaves without saving. */
  stop(signal: NodeJS.Signals): void;
}

/** What came of a run. `error` is for people, of several lines. */
export interface Outcome {
  readonly run: PlannedRun;
  readonly ended: 'done' | 'failed' | 'stopped';
  readonly seconds: number;
  readonly error?: string;
}

/** Runs under way, of which some are waiting. */
export interface Execution {
  /** One outcome for each run that was started or had to be given up. Never rejects because of a run. */
  readonly finished: Promise<Outcome[]>;
  /** Starts nothing more and stops what runs. */
  stop(signal: NodeJS.Signals): void;
}

interface ExecuteOptions {
  readonly start: (run: PlannedRun) => Child;
  /** Runs at a time. */
  readonly jobs?: number;
  readonly onStart?: (run: PlannedRun) => void;
  readonly onEnd?: (outcome: Outcome) => void;
}

const ERROR_LINES = 5;

/** The last lines that a process said, or how it ended if it said nothing. */
const lastWords = ({ code, signal, stderr }: ChildExit): string => {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const killed = signal === null ? [] : [`it was killed (${signal})`];
  const said = [...lines.slice(-ERROR_LINES), ...killed];
  return said.length > 0 ? said.join('\n') : `it ended with code ${code} and said nothing`;
};

const STOPPED = [130, 143]; // the exit codes of a search that saved because of SIGINT or SIGTERM

/**
 * Carries a plan out: starts each run that is not done once the one that it goes on from is, at most `jobs` at a time.
 * A run that fails takes down those that go on from it and no other.
 */
export const execute = (
  plan: readonly PlannedRun[],
  { start, jobs = 1, onStart = () => {}, onEnd = () => {} }: ExecuteOptions,
): Execution => {
  const waiting = new Set(plan.filter((run) => run.state !== 'done'));
  const active = new Map<Child, Promise<void>>();
  const outcomes: Outcome[] = [];
  let stopped = false;

  const end = (outcome: Outcome): void => {
    outcomes.push(outcome);
    onEnd(outcome);
  };
  const outcomeOf = (name: string): Outcome | undefined => outcomes.find(({ run }) => run.name === name);

  const follow = async (run: PlannedRun, child: Child): Promise<void> => {
    const began = performance.now();
    const spent = (): number => (performance.now() - began) / 1000;
    try {
      const exit = await child.exit;
      active.delete(child);
      if (exit.code === 0) end({ run, ended: 'done', seconds: spent() });
      else if (stopped && (exit.signal !== null || STOPPED.some((code) => code === exit.code)))
        end({ run, ended: 'stopped', seconds: spent() });
      else end({ run, ended: 'failed', seconds: spent(), error: lastWords(exit) });
    } catch (error) {
      active.delete(child);
      end({ run, ended: 'failed', seconds: spent(), error: error instanceof Error ? error.message : String(error) });
    }
  };

  const startWhatCan = (): void => {
    for (const run of waiting) {
      const { parent } = run;
      const before = parent === undefined || parent.state === 'done' ? 'done' : outcomeOf(parent.name)?.ended;
      if (before === 'failed') {
        waiting.delete(run);
        end({ run, ended: 'failed', seconds: 0, error: `${parent?.name}, which it goes on from, failed` });
      } else if (before === 'done' && active.size < jobs) {
        waiting.delete(run);
        onStart(run);
        const child = start(run);
        active.set(child, follow(run, child));
      }
    }
  };

  const all = async (): Promise<Outcome[]> => {
    for (;;) {
      if (!stopped) startWhatCan();
      if (active.size === 0) return outcomes;
      await Promise.race(active.values());
    }
  };
  return {
    finished: all(),
    stop: (signal) => {
      stopped = true;
      for (const child of active.keys()) child.stop(signal);
    },
  };
};
