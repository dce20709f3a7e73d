import { isDeepStrictEqual } from 'node:util';
import type { Plan, Values } from '../experiment/index.js';
import { isFit, readFitOutcome, readFitPlan } from '../run/index.js';
import { placeInside } from '../run/inside.js';
import type { DataRequest } from '../session/index.js';
import { flagsOf } from './flags.js';
import { type PlannedRun, plain, rowOf, standingOf } from './plan.js';

/** What a fit has to have been asked for. */
interface Fitted {
  readonly budgetSeconds: number;
  readonly search: string;
  readonly recipe: string;
}

/** What one run of a sweep has to be: a run, or a fit. */
export type Wanted =
  | { readonly plan: Plan; readonly overrides: Readonly<Record<string, unknown>> }
  | (Fitted & { readonly plan?: undefined });

/** One command at several seeds, and with several values of some options. */
export interface Sweep {
  /** What is searched, trained or fitted, as the command line names it. */
  readonly what: string;
  readonly seeds: readonly number[];
  /** Values of the options that vary; one without any where none does. */
  readonly choices: readonly Values[];
  readonly wanted: (seed: number, choice: Values) => Wanted;
  /** The words after `tailnas` that start it, without seed, threads and folder. */
  readonly command: (choice: Values) => readonly string[];
  /** As a run records them: with what was left to the data set. */
  readonly data: DataRequest;
  readonly out: string;
}

type Standing = Pick<PlannedRun, 'state' | 'epochs'>;

/** What there is of a fit already. A fit counts as one epoch. Throws where it was made otherwise. */
const standingOfFit = (
  path: string,
  { seed, budgetSeconds, search, recipe, data }: Fitted & { readonly seed: number; readonly data: DataRequest },
): Standing => {
  if (!isFit(path)) return { state: 'start', epochs: { from: 0, to: 1 } };
  const { parts, ...was } = readFitPlan(path);
  const facts = [
    [{ seed: was.seed }, { seed }],
    [{ budget: `${was.budgetSeconds}s` }, { budget: `${budgetSeconds}s` }],
    [{ search: parts.search.what }, { search }],
    [{ recipe: parts.random.values['recipe'] }, { recipe }],
    [was.data, JSON.parse(JSON.stringify(data))],
  ] as const;
  const other = facts.find(([there, asked]) => !isDeepStrictEqual(there, asked));
  if (other !== undefined) {
    const [there, asked] = other.map((words) => flagsOf(words).join(' '));
    throw new Error(
      `Cannot use ${path}: it must be made as asked now (${asked}), it was made otherwise (${there}); give another ` +
        '--out, or the flags that it was made with',
    );
  }
  return readFitOutcome(path) === undefined
    ? { state: 'resume', epochs: { from: 0, to: 1 } }
    : { state: 'done', epochs: { from: 1, to: 1 } };
};

/**
 * The runs of a sweep, seed by seed. Reads the run folders below `out` and writes nothing. Throws a RangeError on two
 * choices that are the same, and where a folder holds another run than the one asked for.
 */
export const planSweep = ({ what, seeds, choices, wanted, command, data, out }: Sweep): PlannedRun[] => {
  const rows = choices.map((choice) => rowOf(plain(what), choice));
  const twin = rows.find((row, i) => rows.indexOf(row) !== i);
  if (twin !== undefined) throw new RangeError(`Cannot sweep: two of its rows are ${twin}; leave one out`);
  return seeds.flatMap((seed) =>
    choices.map((choice, i): PlannedRun => {
      const row = rows[i] ?? '';
      const name = `${row}-seed-${seed}`;
      const path = placeInside(out, 'runs', name);
      const asked = wanted(seed, choice);
      const own = { name, row, path, seed, command: command(choice), chain: name, isAsked: true, parent: undefined };
      if (asked.plan !== undefined) return { ...own, plan: asked.plan, ...standingOf(path, { ...asked, seed, data }) };
      const { budgetSeconds } = asked;
      return { ...own, plan: undefined, budgetSeconds, ...standingOfFit(path, { ...asked, seed, data }) };
    }),
  );
};

/** Every choice of one value for each option. */
export const choicesOf = (lists: Readonly<Record<string, readonly string[]>>): Values[] =>
  Object.entries(lists).reduce<Values[]>(
    (choices, [name, values]) => choices.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value }))),
    [{}],
  );
