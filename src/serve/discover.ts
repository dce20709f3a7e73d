import { readdirSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { messageOf } from '../measure/index.js';
import { isPlainName } from '../run/inside.js';
import { type PlannedRun, plannedRuns } from './planned.js';

/** A run folder, with what lies in it. */
export interface FoundRun {
  readonly dir: string;
  /** By its folders, from the one that was asked for. */
  readonly name: string;
  readonly names: readonly string[];
}

/** A run that is to come. */
export interface QueuedRun extends PlannedRun {
  readonly dir: string;
  readonly name: string;
}

/** What lies below the folders that were asked for, in order. */
export interface Found {
  readonly runs: readonly FoundRun[];
  readonly queued: readonly QueuedRun[];
  /** Folders that have a report.html, by name. */
  readonly reports: readonly { readonly dir: string; readonly name: string }[];
  /** What could not be read, as sentences. */
  readonly problems: readonly string[];
}

/** A reproduction, its `runs`, a run; and one level for whoever sorts them. */
const DEPTH = 4;
export const MOST_RUNS = 2000;
/** Folders of a run, and others that hold none. */
const OTHERS = ['checkpoints', 'pictures', 'cells', 'slurm', 'node_modules'];
export const REPORT = 'report.html';

const byName = new Intl.Collator('en', { numeric: true }).compare;

/** Names of folders as a path is read, without `.` and `..`. */
const nameOf = (root: string): string => basename(resolve(root)) || root;

/**
 * Looks for run folders, for those that are planned, and for reports. Follows no link but a folder that was asked for
 * itself, and reads nothing but names and plans.
 */
export const discover = (roots: readonly string[]): Found => {
  const runs: FoundRun[] = [];
  const queued: QueuedRun[] = [];
  const reports: { dir: string; name: string }[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();

  const walk = (dir: string, { name, depth }: { name: string; depth: number }): void => {
    if (seen.has(dir) || runs.length >= MOST_RUNS) return;
    seen.add(dir);
    try {
      const entries = readdirSync(dir, { withFileTypes: true });
      const names = entries.map((entry) => entry.name);
      if (names.includes(REPORT)) reports.push({ dir, name });
      if (names.includes('run.json')) {
        runs.push({ dir, name, names });
        return;
      }
      const planned = plannedRuns(dir, names).map(({ path, ...of }) => ({
        ...of,
        path,
        dir: join(dir, ...path),
        name: [name, ...path].join('/'),
      }));
      if (depth > 0)
        for (const { name: child } of entries
          .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !OTHERS.includes(entry.name))
          .filter((entry) => isPlainName(entry.name))
          .toSorted((a, b) => byName(a.name, b.name)))
          walk(join(dir, child), { name: `${name}/${child}`, depth: depth - 1 });
      queued.push(...planned.filter((of) => !runs.some((run) => `${run.dir}${sep}`.startsWith(`${of.dir}${sep}`))));
    } catch (error) {
      problems.push(messageOf(error));
    }
  };
  for (const root of roots) walk(resolve(root), { name: nameOf(root), depth: DEPTH });
  if (runs.length >= MOST_RUNS) problems.push(`Only the first ${MOST_RUNS} runs are shown; name fewer folders`);
  return { runs, queued, reports, problems };
};
