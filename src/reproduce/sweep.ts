import type { Plan, Values } from '../experiment/index.js';
import { placeInside } from '../run/inside.js';
import type { DataRequest } from '../session/index.js';
import { type PlannedRun, plain, rowOf, standingOf } from './plan.js';

/** One command at several seeds, and with several values of some options. */
export interface Sweep {
  /** What is searched or trained, as the command line names it. */
  readonly what: string;
  readonly seeds: readonly number[];
  /** Values of the options that vary; one without any where none does. */
  readonly choices: readonly Values[];
  /** What a seed and a choice stand for, with the words after `tailnas` that start it. */
  readonly planOf: (
    seed: number,
    choice: Values,
  ) => { plan: Plan; overrides: Readonly<Record<string, unknown>>; command: readonly string[] };
  /** As a run records them: with what was left to the data set. */
  readonly data: DataRequest;
  readonly out: string;
}

/**
 * The runs of a sweep, seed by seed. Reads the run folders below `out` and writes nothing. Throws a RangeError on two
 * choices that are the same, and where a folder holds another run than the one asked for.
 */
export const planSweep = ({ what, seeds, choices, planOf, data, out }: Sweep): PlannedRun[] => {
  const rows = choices.map((choice) => rowOf(plain(what), choice));
  const twin = rows.find((row, i) => rows.indexOf(row) !== i);
  if (twin !== undefined) throw new RangeError(`Cannot sweep: two of its rows are ${twin}; leave one out`);
  return seeds.flatMap((seed) =>
    choices.map((choice, i): PlannedRun => {
      const row = rows[i] ?? '';
      const name = `${row}-seed-${seed}`;
      const path = placeInside(out, 'runs', name);
      const { plan, overrides, command } = planOf(seed, choice);
      const standing = standingOf(path, { plan, seed, data, overrides });
      return { name, row, path, plan, seed, command, chain: name, isAsked: true, parent: undefined, ...standing };
    }),
  );
};

/** Every choice of one value for each option. */
export const choicesOf = (lists: Readonly<Record<string, readonly string[]>>): Values[] =>
  Object.entries(lists).reduce<Values[]>(
    (choices, [name, values]) => choices.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value }))),
    [{}],
  );
