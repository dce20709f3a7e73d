import {
  cat,
  type Meeting,
  noGrad,
  processes,
  reshape,
  scope,
  splitInto,
  type Tensor,
  tensor,
} from '../tensor/index.js';
import type { Launch } from './launch.js';

/** Without an answer for so long, in seconds, the other processes count as gone. */
const PATIENCE = 300;

/** Another process of the run has ended, or does not answer: this one cannot go on without it. */
export class PeerError extends Error {
  override readonly name = 'PeerError';

  /** `run` is its folder, where it is known: it can be continued. */
  constructor(
    readonly problem: string,
    { run, cause, action = 'go on' }: { run?: string; cause?: unknown; action?: string } = {},
  ) {
    super(
      run === undefined
        ? `Cannot ${action}: ${problem}`
        : `Cannot go on with ${run}: ${problem}; continue with \`tailnas resume ${run}\``,
      { cause },
    );
  }
}

/**
 * The processes that carry one run out together, each on its share of every batch. After each step all have the same
 * weights, statistics, architecture and random state, to the bit. Whatever a method here says that all do, all must do,
 * in the same order. Throws a PeerError where another process has ended.
 */
export interface Group {
  /** Which of them this process is, from 0: that one writes the run folder. */
  readonly rank: number;
  readonly size: number;
  /** x ← the mean over all processes; all do. Of 2 processes it is (a + b) / 2, to the bit. */
  mean(x: Tensor): void;
  /** What each process says, by rank; all say something. */
  texts(own: string): readonly string[];
  /** Asks all of them to stop; they do after the same step. */
  askStop(): void;
  /** Whether one asked to stop. */
  readonly asked: boolean;
  /** Whether all know that one asked to. */
  readonly stops: boolean;
  /** All have heard, in the same step, whether one asked to stop. */
  hear(stop: boolean): void;
  leave(): void;
}

/** A process that carries a run out by itself: nothing is shared, and nothing costs anything. */
export const alone: Group = {
  rank: 0,
  size: 1,
  mean: () => {},
  texts: (own) => [own],
  askStop: () => {},
  asked: false,
  stops: false,
  hear: () => {},
  leave: () => {},
};

/** The first line of what went wrong, without gloo's place in its sources and its advice. */
const reasonOf = (error: unknown): string => {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line
    .replace(/^Cannot join the other processes: /, '')
    .replace(/\[\/\S*\] /g, '')
    .replace(/\. This is typically.*$/, '');
};

const timeOf = (seconds: number): string => (seconds < 120 ? `${seconds} s` : `${seconds / 60} minutes`);

/** What a joining that failed means, and what to do about it. */
const joinProblem = (error: unknown, { place, port, size, by }: Launch, patience: string): string => {
  const reason = reasonOf(error);
  const at = port === 0 ? place : `${place}, port ${port}`;
  if (/EADDRINUSE|address already in use/i.test(reason))
    return `port ${port} of this host is in use; set MASTER_PORT to one that is free, for all processes`;
  if (/timed? ?out|timeout/i.test(reason))
    return (
      `the ${size} processes must find one another at ${at}, not all did within ${patience}; ` +
      (by === 'srun'
        ? 'see that all tasks of the step run, or set MASTER_ADDR and MASTER_PORT'
        : 'see that all were started')
    );
  return `the ${size} processes could not meet at ${at} (${reason})`;
};

/** What this process computes together with the others from now on. Throws a PeerError where it cannot meet them. */
export const joinGroup = (launch: Launch, { patience = PATIENCE }: { patience?: number } = {}): Group => {
  const { rank, size, place, port, serves, attempt, by } = launch;
  const meeting: Meeting = {
    ...{ rank, size, place, port, serves, attempt, seconds: patience },
    networkInterface: process.env['GLOO_SOCKET_IFNAME'] ?? '',
    address: by === 'tailnas' ? '127.0.0.1' : '',
  };
  try {
    processes.join(meeting);
  } catch (error) {
    throw new PeerError(joinProblem(error, launch, timeOf(patience)), {
      cause: error,
      action: 'meet the other processes',
    });
  }
  /** All of them are in this together: one that fails in here waits for nobody. */
  const together = <T>(body: () => T): T => {
    try {
      return noGrad(body);
    } catch (error) {
      const late = /timed? ?out|timeout/i.test(reasonOf(error));
      const what = late ? `does not answer for ${timeOf(patience)}` : 'has ended; its own message says why';
      throw new PeerError(`another of its ${size} processes ${what}`, { cause: error });
    }
  };
  let asked = false;
  let stops = false;
  return {
    rank,
    size,
    mean: (x) => together(() => processes.mean(x)),
    texts: (own) =>
      together(() =>
        scope(() => {
          const bytes = new TextEncoder().encode(own);
          const lengths = processes.gather(tensor([bytes.length], { dtype: 'int64' }), size).toArray();
          const most = Math.max(...lengths, 1);
          const padded = new Uint8Array(most);
          padded.set(bytes);
          const all = Uint8Array.from(processes.gather(tensor(padded), size).toArray());
          return lengths.map((length, r) => new TextDecoder().decode(all.subarray(r * most, r * most + length)));
        }),
      ),
    askStop: () => {
      asked = true;
    },
    get asked() {
      return asked;
    },
    get stops() {
      return stops;
    },
    hear: (stop) => {
      stops ||= stop;
    },
    leave: () => processes.leave(),
  };
};

/**
 * The means over all processes of tensors, and of numbers, which take the element type of the first tensor. One
 * all-reduce for everything; with it all hear whether one asked to stop. Alone, it is what was given.
 */
export const averaged = (
  group: Group,
  { tensors, numbers = [] }: { tensors: readonly Tensor[]; numbers?: readonly number[] },
): { tensors: readonly Tensor[]; numbers: readonly number[] } => {
  if (group.size === 1) return { tensors, numbers };
  return noGrad(() =>
    scope(() => {
      const dtype = tensors[0]?.dtype ?? 'float64';
      const said = tensor([...numbers, group.asked ? 1 : 0], { dtype });
      const shapes = tensors.map((t) => t.shape);
      const vector = cat([...tensors.map((t, i) => (shapes[i]?.length === 1 ? t : reshape(t, [-1]))), said]);
      group.mean(vector);
      const lengths = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
      const pieces = splitInto(vector, [...lengths, numbers.length + 1]);
      const heard = pieces.pop()?.toArray() ?? [];
      const means = pieces.map((piece, i) => {
        const shape = shapes[i] ?? [];
        return shape.length === 1 ? piece : reshape(piece, shape);
      });
      group.hear((heard.at(-1) ?? 0) > 0);
      return { tensors: means, numbers: heard.slice(0, -1) };
    }),
  );
};
