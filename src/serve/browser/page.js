// The live page: follows all runs by one stream, and fetches what is shown of the chosen ones when it has changed.
import { lineChart, lookOf, pointsOf } from './charts.js';
import { showDetail, showStanding } from './details.js';
import { byId, h, say, showFigures } from './dom.js';
import { duration, plural } from './format.js';
import { compared, showRuns, sorted, tickRuns } from './runs-table.js';
import { apply, countsText, folders, runs, whole } from './state.js';

/** @typedef {import('../detail.js').Detail} Detail */
/** @typedef {import('../history.js').Columns} Columns */

const MOST_COMPARED = 7;
const FIRST_COMPARED = 5;
const AGAIN = 5000; // milliseconds until a page that was refused asks once more

/** @type {readonly { key: Exclude<keyof Columns, 'epoch'>, text: string, scale: number, unit: string }[]} */
const MEASURES = [
  { key: 'perClass', text: 'validation accuracy, mean per class (%)', scale: 100, unit: ' %' },
  { key: 'accuracy', text: 'validation accuracy, all images (%)', scale: 100, unit: ' %' },
  { key: 'head', text: 'validation accuracy of the head (%)', scale: 100, unit: ' %' },
  { key: 'middle', text: 'validation accuracy of the middle (%)', scale: 100, unit: ' %' },
  { key: 'tail', text: 'validation accuracy of the tail (%)', scale: 100, unit: ' %' },
  { key: 'validLoss', text: 'validation loss', scale: 1, unit: '' },
  { key: 'trainLoss', text: 'training loss', scale: 1, unit: '' },
  { key: 'trainAccuracy', text: 'training accuracy (%)', scale: 100, unit: ' %' },
];

/** The run that is shown in full. @type {string | undefined} */
let chosen;
/** What of a run was shown last: its id and how far it was. */
let shownAs = '';
/** @type {Detail | undefined} */
let detail;
/** Curves of compared runs. @type {Map<string, { done: number, columns: Columns }>} */
const curves = new Map();
let isFirst = true;

/** @param {string} path @returns {Promise<unknown>} */
const fetched = async (path) => {
  const response = await fetch(path);
  return response.ok ? response.json() : undefined;
};

const showTop = () => {
  const all = [...runs.values()];
  const { share, left } = whole();
  say(
    byId('title'),
    all.length === 0 ? 'No run yet' : all.length === 1 ? (all[0]?.name ?? '') : plural(all.length, 'run'),
  );
  const counts = countsText();
  const box = byId('counts');
  const text = JSON.stringify(counts);
  if (box.getAttribute('data-text') !== text) {
    box.setAttribute('data-text', text);
    box.replaceChildren(...counts.map(({ state, n }) => h('span', { class: `state ${state}` }, `${n} ${state}`)));
  }
  byId('whole').hidden = all.length === 0;
  byId('whole-bar').firstElementChild?.setAttribute('style', `transform: scaleX(${share.toFixed(4)})`);
  const percent = `${(100 * share).toFixed(1)} % of all epochs`;
  say(byId('whole-text'), left === null ? percent : `${percent}, about ${duration(left)} left`);
  const title = all.length === 1 ? (all[0]?.name ?? '') : plural(all.length, 'run');
  document.title = `${Math.floor(100 * share)} % · ${title} · tailnas`;
  byId('runs').hidden = all.length < 2 && folders.reports.length === 0;
};

const showFolders = () => {
  const problems = byId('problems');
  problems.hidden = folders.problems.length === 0;
  problems.replaceChildren(...folders.problems.map((problem) => h('p', {}, problem)));
  const links = folders.reports.map(({ id, name }) => h('a', { href: `/reports/${id}` }, `Report of ${name}`));
  byId('reports').replaceChildren(...links.flatMap((link, i) => (i === 0 ? [link] : [' · ', link])));
};

const showCompared = () => {
  const ids = [...compared].filter((id) => curves.has(id)).slice(0, MOST_COMPARED);
  byId('compare').hidden = ids.length < 2;
  if (ids.length < 2) return;
  const select = byId('measure');
  if (!(select instanceof HTMLSelectElement)) return;
  if (select.options.length === 0) {
    select.append(...MEASURES.map(({ key, text }) => h('option', { value: key }, text)));
    // Runs that train on all images validate nothing: the first measure that they have is shown.
    const known = MEASURES.find(({ key }) =>
      ids.some((id) => curves.get(id)?.columns[key].some((value) => value !== null)),
    );
    select.value = (known ?? MEASURES[0])?.key ?? '';
    select.onchange = showCompared;
  }
  const measure = MEASURES.find(({ key }) => key === select.value) ?? MEASURES[0];
  if (measure === undefined) return;
  const box = byId('compared');
  const series = ids.map((id, i) => {
    const columns = curves.get(id)?.columns;
    return {
      text: runs.get(id)?.name ?? '',
      ...lookOf(i),
      points: columns === undefined ? [] : pointsOf(columns.epoch, columns[measure.key], measure.scale),
    };
  });
  const left = compared.size - ids.length;
  const element = lineChart({
    ...{ title: `Of ${plural(ids.length, 'run')}: ${measure.text}`, unit: measure.unit, series, height: 280 },
    width: Math.max(220, box.clientWidth - 28),
    ...(left > 0 ? { caption: `${plural(left, 'run')} more are marked than one chart can show.` } : {}),
  });
  showFigures(box, [{ key: 'compared', element }]);
};

const fetchCompared = async () => {
  let isNew = false;
  for (const id of [...compared].slice(0, MOST_COMPARED)) {
    const run = runs.get(id);
    if (run === undefined || run.progress.done === 0 || curves.get(id)?.done === run.progress.done) continue;
    const columns = /** @type {Columns | undefined} */ (await fetched(`/api/runs/${id}/columns`));
    if (columns === undefined) continue;
    curves.set(id, { done: run.progress.done, columns });
    isNew = true;
  }
  if (isNew) showCompared();
};

const fetchDetail = async () => {
  const run = chosen === undefined ? undefined : runs.get(chosen);
  if (run === undefined) return;
  showStanding(run);
  const as = `${run.id} ${run.state} ${run.progress.done} ${run.at}`;
  if (as === shownAs) return;
  shownAs = as;
  const next = /** @type {Detail | undefined} */ (await fetched(`/api/runs/${run.id}`));
  if (shownAs !== as) return; // another was chosen meanwhile
  detail = next;
  showDetail(detail, run.id);
};

const on = {
  /** @param {string} id */
  onChoose: (id) => {
    location.hash = id;
    byId('run').focus();
  },
  onCompare: () => {
    showCompared();
    void fetchCompared();
  },
};

const show = () => {
  if (chosen === undefined || !runs.has(chosen)) {
    const hash = location.hash.slice(1);
    chosen = runs.has(hash) ? hash : sorted()[0]?.id;
  }
  if (isFirst && runs.size > 1) {
    const begun = sorted().filter(({ progress }) => progress.done > 0);
    for (const { id } of begun.slice(0, FIRST_COMPARED)) compared.add(id);
    isFirst = begun.length === 0;
  }
  for (const id of compared) if (!runs.has(id)) compared.delete(id);
  byId('run').hidden = chosen === undefined;
  showTop();
  showRuns(chosen, on);
  void fetchDetail();
  void fetchCompared();
};

const status = byId('status');

const follow = () => {
  const events = new EventSource('/api/events');
  events.addEventListener('news', (event) => {
    const news = JSON.parse(event.data);
    if (news.revision === 0) return say(status, 'reading the folders …');
    const changed = apply(news);
    const told = changed.map(({ name, state }) => `${name} is ${state}`).slice(0, 3);
    status.className = '';
    say(
      status,
      told.length === 0 && status.textContent?.startsWith('live') ? status.textContent : ['live', ...told].join('; '),
    );
    showFolders();
    show();
  });
  events.addEventListener('error', () => {
    status.className = 'off';
    say(status, 'connection lost, trying again; the runs are not affected');
    if (events.readyState !== EventSource.CLOSED) return;
    events.close();
    setTimeout(follow, AGAIN);
  });
};

window.addEventListener('hashchange', () => {
  const hash = location.hash.slice(1);
  if (!runs.has(hash)) return;
  chosen = hash;
  show();
});

let drawnAt = window.innerWidth;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let resizing;
window.addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    if (drawnAt === window.innerWidth) return;
    drawnAt = window.innerWidth;
    showCompared();
    if (detail !== undefined && chosen !== undefined) showDetail(detail, chosen);
  }, 150);
});

setInterval(() => {
  const run = chosen === undefined ? undefined : runs.get(chosen);
  if (run?.state === 'running') showStanding(run);
  tickRuns();
  if (runs.size > 0) showTop();
}, 1000);

follow();
