// What the page knows of the runs, and how far they are at this moment.

/** @typedef {import('../summary.js').Summary} Summary */
/** @typedef {import('../watched-runs.js').News} News */

/** How states are ordered: what needs a look comes first. */
export const STATES = ['running', 'reading', 'diverged', 'failed', 'damaged', 'stopped', 'queued', 'finished'];

/** @type {Map<string, Summary>} */
export const runs = new Map();
/** @type {{ reports: readonly { id: string, name: string }[], problems: readonly string[] }} */
export let folders = { reports: [], problems: [] };
/** How far the server's clock is ahead of this one, in milliseconds. */
let ahead = 0;

/**
 * Takes news over. Returns the runs whose state changed, as they are now.
 * @param {News} news
 * @returns {Summary[]}
 */
export const apply = (news) => {
  ahead = news.now - Date.now();
  if (news.folders !== null) folders = news.folders;
  for (const id of news.gone) runs.delete(id);
  return news.runs.filter((run) => {
    const before = runs.get(run.id);
    runs.set(run.id, run);
    return before !== undefined && before.state !== run.state;
  });
};

/** Seconds since the last epoch of a run that goes on ended; of others 0. @param {Summary} run */
const elapsed = ({ state, at }) =>
  state !== 'running' || at === null ? 0 : Math.max(0, Date.now() + ahead - at) / 1000;

/** Share of a run that is done, the epoch under way included. @param {Summary} run */
export const shareOf = (run) => {
  const { done, planned, perEpoch } = run.progress;
  if (run.state === 'finished') return 1;
  if (planned === 0) return 0;
  const part = perEpoch === null || perEpoch === 0 ? 0 : Math.min(0.95, elapsed(run) / perEpoch);
  return Math.min(1, (done + (done < planned ? part : 0)) / planned);
};

/** Seconds that a run has still to go; null where that is not known. @param {Summary} run */
export const leftOf = (run) => {
  const { left, perEpoch } = run.progress;
  return left === null ? null : Math.max(0, left - Math.min(elapsed(run), perEpoch ?? 0));
};

/** How many runs there are of each state, in words. */
export const countsText = () => {
  const all = [...runs.values()];
  return STATES.flatMap((state) => {
    const n = all.filter((run) => run.state === state).length;
    return n === 0 ? [] : [{ state, n }];
  });
};

/**
 * How far all runs are together, and when the last of those under way ends. What is queued takes as long as it was
 * expected to, or as a typical run here, and begins as others end.
 */
export const whole = () => {
  const all = [...runs.values()].filter(({ state }) => state !== 'damaged');
  const planned = all.reduce((sum, run) => sum + run.progress.planned, 0);
  const done = all.reduce((sum, run) => sum + shareOf(run) * run.progress.planned, 0);
  const running = all.filter(({ state }) => state === 'running');
  const queued = all.filter(({ state }) => state === 'queued');
  const lefts = running.flatMap((run) => leftOf(run) ?? []);
  const later = queued.flatMap((run) => run.progress.left ?? []);
  const isKnown = running.length > 0 && lefts.length === running.length && later.length === queued.length;
  const sum = [...lefts, ...later].reduce((a, b) => a + b, 0);
  const left = isKnown ? Math.max(0, ...lefts, sum / running.length) : null;
  return { share: planned === 0 ? 0 : done / planned, left };
};
