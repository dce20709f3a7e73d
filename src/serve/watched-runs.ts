import { setImmediate, setTimeout } from 'node:timers/promises';
import { messageOf } from '../measure/index.js';
import { discover, type Found, type QueuedRun } from './discover.js';
import { shown } from './shown.js';
import { damagedSummary, queuedSummary, type Summary } from './summary.js';
import { idOf, type WatchedRun, watchedRun } from './watched-run.js';

/** What has changed since a revision; from revision 0 that is all. */
export interface News {
  readonly revision: number;
  /** Milliseconds since 1970, here: a page counts from it, whatever its own clock says. */
  readonly now: number;
  readonly runs: readonly Summary[];
  /** Ids of runs whose folders are not there any more. */
  readonly gone: readonly string[];
  /** Reports that lie beside runs, and what could not be read; null where that is as it was. */
  readonly folders: {
    readonly reports: readonly { readonly id: string; readonly name: string }[];
    readonly problems: readonly string[];
  } | null;
}

/** Run folders that are looked at as long as someone wants to know. */
export interface WatchedRuns {
  /** Looks at all folders once. */
  look(): Promise<void>;
  /** The same, unless that was done just now. */
  refresh(): Promise<void>;
  since(revision: number): News;
  /** Resolves when there is news since a revision, at the latest after `milliseconds`, or when `signal` says so. */
  news(revision: number, until: { milliseconds: number; signal: AbortSignal }): Promise<void>;
  named(id: string): WatchedRun | undefined;
  /** The folder that a report lies in. */
  reportDir(id: string): string | undefined;
  /** Ends looking. */
  end(): void;
}

interface Entry {
  readonly summary: Summary | undefined;
  /** The revision that it has changed in. */
  readonly changed: number;
}

const EVERY = 1500; // milliseconds between two looks
const SHARE = 9; // looking takes at most a tenth of the time, on slow disks too
const SLICE = 20; // milliseconds of reading before requests are answered

const pause = async (began: { at: number }): Promise<void> => {
  if (performance.now() - began.at < SLICE) return;
  await setImmediate();
  began.at = performance.now();
};

/** `every`: milliseconds between two looks. */
export const watchedRuns = (roots: readonly string[], { every = EVERY }: { every?: number } = {}): WatchedRuns => {
  const runs = new Map<string, WatchedRun>();
  const entries = new Map<string, Entry>();
  const waiting = new Set<() => void>();
  let reports: readonly { readonly id: string; readonly name: string; readonly dir: string }[] = [];
  let problems: readonly string[] = [];
  let folders = ''; // as they were told last
  let revision = 0;
  let foldersChanged = 0;
  let looking: Promise<void> | undefined;
  let looked = Number.NEGATIVE_INFINITY;
  let going = false;
  const stop = new AbortController();

  /** Puts a summary in its place; whether it differs from the one before. */
  const put = (id: string, summary: Summary | undefined): boolean => {
    if (JSON.stringify(entries.get(id)?.summary) === JSON.stringify(summary)) return false;
    entries.set(id, { summary, changed: revision + 1 });
    return true;
  };
  const queued = (run: QueuedRun): Summary => queuedSummary(run, { id: idOf(run.dir), name: shown(run.name) });

  const tell = (changed: boolean): void => {
    if (!changed) return;
    revision++;
    for (const wake of [...waiting]) wake();
  };

  const foldersOf = (found: Found): boolean => {
    reports = found.reports.map(({ dir, name }) => ({ id: idOf(dir), dir, name: shown(name) }));
    problems = found.problems.map(shown);
    const now = JSON.stringify([reports, problems]);
    if (now === folders) return false;
    folders = now;
    foldersChanged = revision + 1;
    return true;
  };

  const lookOnce = async (): Promise<void> => {
    const began = { at: performance.now() };
    const found = discover(roots);
    const present = new Set([...found.runs, ...found.queued].map(({ dir }) => idOf(dir)));
    let changed = foldersOf(found);
    for (const id of entries.keys())
      if (!present.has(id)) {
        runs.delete(id);
        changed = put(id, undefined) || changed;
      }
    for (const run of found.queued) changed = put(idOf(run.dir), queued(run)) || changed;
    let open = found.runs.map(({ dir, name, names }) => {
      const id = idOf(dir);
      const run = runs.get(id) ?? watchedRun({ dir, name: shown(name) });
      runs.set(id, run);
      return { run, name: shown(name), names };
    });
    // A piece of each in turn, so that the first of many long runs is not all that there is to see.
    while (open.length > 0 && !stop.signal.aborted) {
      const left: typeof open = [];
      for (const one of open) {
        try {
          if (one.run.look(one.names)) left.push(one);
          changed = put(one.run.id, one.run.summary()) || changed;
        } catch (error) {
          changed = put(one.run.id, damagedSummary(messageOf(error), { id: one.run.id, name: one.name })) || changed;
        }
        await pause(began);
      }
      tell(changed);
      changed = false;
      open = left;
    }
    tell(changed || revision === 0); // that there is nothing is news, once
  };

  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
      looked = performance.now();
    });
    return looking;
  };

  /** Looks on as long as someone waits. */
  const goOn = async (): Promise<void> => {
    if (going) return;
    going = true;
    while (waiting.size > 0 && !stop.signal.aborted) {
      const began = performance.now();
      await look();
      const rest = Math.max(every, SHARE * (performance.now() - began));
      await setTimeout(rest, undefined, { ref: false, signal: stop.signal }).catch(() => {});
    }
    going = false;
  };

  return {
    look,
    refresh: async () => {
      if (performance.now() - looked > every) await look();
    },
    since: (before) => {
      const news = [...entries].filter(([, { changed }]) => changed > before);
      const fresh = foldersChanged > before;
      return {
        revision,
        now: Date.now(),
        runs: news.flatMap(([, { summary }]) => summary ?? []),
        gone: news.flatMap(([id, { summary }]) => (summary === undefined ? [id] : [])),
        folders: fresh ? { reports: reports.map(({ id, name }) => ({ id, name })), problems } : null,
      };
    },
    news: (before, { milliseconds, signal }) =>
      new Promise((resolve) => {
        const timer = globalThis.setTimeout(() => wake(), milliseconds);
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        if (revision > before || signal.aborted || stop.signal.aborted) return wake();
        waiting.add(wake);
        signal.addEventListener('abort', wake);
        void goOn();
      }),
    named: (id) => runs.get(id),
    reportDir: (id) => reports.find((report) => report.id === id)?.dir,
    end: () => {
      stop.abort();
      for (const wake of [...waiting]) wake();
    },
  };
};
