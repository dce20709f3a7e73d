import { createHash } from 'node:crypto';
import { messageOf } from '../measure/index.js';
import { endProblem } from '../run/consistent.js';
import { type Evaluation, openRun, type RunFolder } from '../run/index.js';
import type { Stamp } from '../run/inside.js';
import { lockWatch } from '../run/lock-watch.js';
import { metricsTail } from '../run/metrics-tail.js';
import { cellsIn, type Detail, detailOf, thinned } from './detail.js';
import type { FoundRun } from './discover.js';
import { type Columns, type History, history } from './history.js';
import { stampOf } from './limits.js';
import { damagedSummary, runSummary, type State, type Summary } from './summary.js';

/** A run folder that is looked at again and again. */
export interface WatchedRun {
  readonly id: string;
  /** Looks at what has changed, given the names in the folder. Returns whether there is more to read at once. */
  look(names: readonly string[]): boolean;
  summary(): Summary;
  /** All that is shown of it; undefined where its run.json cannot be read. */
  detail(): Detail | undefined;
  /** The curves alone. */
  columns(): Columns | undefined;
  /** A cell that `detail` has named: a page asks for its drawing when newer ones may have taken its place. */
  cell(version: string): DerivedCell | undefined;
}

type DerivedCell = ReturnType<typeof cellsIn>[number];

/** Cells that were named and can still be drawn: those of some epochs, whatever a search has. */
const KEPT_CELLS = 64;

const DIGITS = 12;

/** A run's name in addresses: it says nothing of the folder, and is the same after a restart. */
export const idOf = (dir: string): string => createHash('sha256').update(dir).digest('hex').slice(0, DIGITS);

const same = (a: Stamp | undefined, b: Stamp | undefined): boolean =>
  a?.file === b?.file && a?.size === b?.size && a?.modified === b?.modified;

/** What is read of a run folder, as long as its run.json stays the same. */
interface Open {
  readonly folder: RunFolder;
  past: History;
  tail: ReturnType<typeof metricsTail>;
}

export const watchedRun = ({ dir, name }: Omit<FoundRun, 'names'>): WatchedRun => {
  const id = idOf(dir);
  const owner = lockWatch(dir);
  const stamps = new Map<string, Stamp | undefined>();
  let open: Open | undefined;
  let evaluation: Pick<Evaluation, 'meanPerClassAccuracy'> | undefined;
  let failure: string | undefined;
  let host: string | undefined;
  let more = false;
  /** What is wrong with a file, by its name. */
  const wrong = new Map<string, string>();
  /** By version, the last named at the end. */
  const named = new Map<string, DerivedCell>();

  const nameCells = ({ folder, past }: Open): void => {
    for (const cell of cellsIn(folder.info, past)) {
      named.delete(cell.version);
      named.set(cell.version, cell);
    }
    for (const version of [...named.keys()].slice(0, -KEPT_CELLS)) named.delete(version);
  };

  /** Does what is to be done where a file has changed; what is wrong with it is kept until it changes again. */
  const whenChanged = (file: string, read: (stamp: Stamp | undefined) => void, { again = false } = {}): void => {
    let stamp: Stamp | undefined;
    try {
      stamp = stampOf(dir, file);
      if (!again && stamps.has(file) && same(stamps.get(file), stamp)) return;
      stamps.set(file, stamp);
      wrong.delete(file);
      read(stamp);
    } catch (error) {
      wrong.set(file, messageOf(error));
    }
  };

  const readInfo = (): void => {
    [open, evaluation, failure, more] = [undefined, undefined, undefined, false];
    for (const file of ['metrics.jsonl', 'evaluation.json', 'log.txt']) stamps.delete(file);
    wrong.clear();
    const folder = openRun(dir);
    const { info, isSealed } = folder;
    open = { folder, past: history(info), tail: metricsTail(dir, { info, isSealed }) };
  };

  const readRecords = (current: Open): void => {
    more = false;
    try {
      const added = current.tail.look();
      if (added.reset) current.past = history(current.folder.info);
      for (const record of added.records) current.past.add(record);
      more = added.more;
    } catch (error) {
      const { info, isSealed } = current.folder;
      current.past = history(info);
      current.tail = metricsTail(dir, { info, isSealed });
      throw error;
    }
  };

  const state = (): State => {
    if (wrong.size > 0) return 'damaged';
    if (more) return 'reading';
    if (evaluation !== undefined) return 'finished';
    if (host !== undefined) return 'running';
    if (failure === undefined) return 'stopped';
    return failure.startsWith('Training diverged') ? 'diverged' : 'failed';
  };

  const sentence = (current: Open): string | undefined => {
    const [problem] = wrong.values();
    if (problem !== undefined) return problem;
    if (evaluation === undefined && host === undefined) return failure;
    const { done, planned } = { done: current.past.times.length, planned: plannedOf(current) };
    if (host === undefined || evaluation !== undefined || more) return undefined;
    return done === 0 ? 'in its first epoch' : done >= planned ? 'being tested' : undefined;
  };

  return {
    id,
    look: (names) => {
      whenChanged('run.json', readInfo);
      const current = open;
      if (current === undefined) return false;
      host = owner(names)?.host;
      whenChanged('metrics.jsonl', () => readRecords(current), { again: more });
      whenChanged('evaluation.json', () => {
        evaluation = undefined;
        evaluation = current.folder.readEvaluation();
      });
      whenChanged('log.txt', () => {
        failure = current.folder.failure();
      });
      const records = current.past.times.length;
      const ended = more
        ? undefined
        : endProblem(current.folder.info, {
            records,
            finished: evaluation !== undefined && !wrong.has('metrics.jsonl'),
          });
      if (ended === undefined) wrong.delete('');
      else wrong.set('', `Cannot believe ${dir}: ${ended}; restore its files from a copy`);
      return more;
    },
    summary: () => {
      if (open === undefined) return damagedSummary(wrong.get('run.json') ?? 'It is being read', { id, name });
      const { folder, past } = open;
      const at = past.times.length === 0 ? null : (stamps.get('metrics.jsonl')?.modified ?? null);
      const of = { id, name, state: state(), sentence: sentence(open), at };
      return runSummary({ ...of, info: folder.info, past, host, evaluation });
    },
    detail: () => {
      if (open === undefined) return undefined;
      nameCells(open);
      return detailOf(open.folder.info, { past: open.past });
    },
    columns: () => open && thinned(open.past),
    cell: (version) => {
      if (open !== undefined && !named.has(version)) nameCells(open); // the page was opened before this server
      return named.get(version);
    },
  };
};

const plannedOf = ({ folder }: Open): number =>
  folder.info.experiment.phases.reduce((sum, { epochs }) => sum + epochs, 0);
