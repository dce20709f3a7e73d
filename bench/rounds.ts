import { freemem } from 'node:os';
import type { Answer, Contender, Entry } from './contender.js';
import { type Spread, spread } from './statistics.js';

/** A line of a table: who does what, and how much of it one step is. */
export interface Row extends Entry {
  /** Lines of one group are compared with its first. */
  readonly group: string;
  readonly name: string;
  /** What a step's seconds are divided by before they are compared: images, cells, floating-point operations. */
  readonly amount: number;
}

export interface Result extends Row {
  /** Of a step, one a round. */
  readonly seconds: readonly number[];
  readonly step: Spread;
  /** Time per amount as a multiple of that of the group's first line, round by round. */
  readonly ratio: Spread;
  readonly peakMemoryBytes: number;
}

/**
 * Asks every contender for one turn a round, so that whatever disturbs the machine disturbs all alike. Contenders stay alive between their turns
 * while together they take less than a third of the memory; the others start, warm up and end in every round. One that fails is left out and told to `failed`.
 */
export const measure = async (
  rows: readonly Row[],
  {
    rounds,
    start,
    failed,
  }: { rounds: number; start: (row: Row) => Contender; failed: (row: Row, error: unknown) => void },
): Promise<Result[]> => {
  const answers = new Map<Row, Answer[]>(rows.map((row) => [row, []]));
  const alive = new Map<Row, Contender>();
  let room = freemem() / 3;
  for (let round = 0; round < rounds; round++)
    for (const [row, found] of answers) {
      const contender = alive.get(row) ?? start(row);
      try {
        // What waited while the others worked has to warm up like those that start anew: the system may have put its pages away.
        if (alive.has(row)) await contender.turn();
        const answer = await contender.turn();
        found.push(answer);
        if (alive.has(row)) continue;
        if (answer.peakMemoryBytes < room) {
          room -= answer.peakMemoryBytes;
          alive.set(row, contender);
        } else await contender.stop();
      } catch (error) {
        answers.delete(row);
        alive.delete(row);
        failed(row, error);
      }
    }
  await Promise.all([...alive.values()].map((contender) => contender.stop()));
  return results(answers);
};

const results = (answers: ReadonlyMap<Row, readonly Answer[]>): Result[] => {
  const timed = [...answers].map(([row, found]) => ({
    ...row,
    seconds: found.map((a) => a.median),
    peakMemoryBytes: Math.max(...found.map((a) => a.peakMemoryBytes)),
  }));
  return timed.map((row) => {
    const first = timed.find((other) => other.group === row.group) ?? row;
    const ratios = row.seconds.map((s, i) => s / row.amount / ((first.seconds[i] ?? Number.NaN) / first.amount));
    return { ...row, step: spread(row.seconds), ratio: spread(ratios) };
  });
};
