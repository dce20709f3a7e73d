// The table of all runs: sorted by its headings, filtered, a box for each run that is to be compared.
import { button, byId, h, say } from './dom.js';
import { duration, fixed, NONE, percent, plural } from './format.js';
import { leftOf, runs, STATES, shareOf } from './state.js';

/** @typedef {import('../summary.js').Summary} Summary */
/** @typedef {(run: Summary) => string | number | null} Value */

/**
 * @typedef {{ key: string, title: string, of: Value, text?: (run: Summary) => string, css: string }} Sorted
 * @typedef {Sorted & { down?: boolean }} Column
 */
/** @type {readonly Column[]} */
const COLUMNS = [
  { key: 'name', title: 'Run', of: ({ name }) => name, css: '' },
  { key: 'state', title: 'Progress', of: (run) => STATES.indexOf(run.state) - shareOf(run), css: '' },
  { key: 'left', title: 'Left', of: leftOf, text: (run) => leftText(run), css: 'n wide' },
  {
    key: 'perClass',
    title: 'Per class',
    of: (run) => run.perClass,
    text: (run) => percent(run.perClass),
    css: 'n',
    down: true,
  },
  { key: 'head', title: 'Head', of: (run) => run.head, text: (run) => percent(run.head), css: 'n wide', down: true },
  { key: 'tail', title: 'Tail', of: (run) => run.tail, text: (run) => percent(run.tail), css: 'n middle', down: true },
  { key: 'trainLoss', title: 'Loss', of: (run) => run.trainLoss, text: (run) => fixed(run.trainLoss), css: 'n wide' },
  { key: 'test', title: 'Test', of: (run) => run.test, text: (run) => percent(run.test), css: 'n middle', down: true },
];

/** @param {Summary} run */
export const leftText = (run) => {
  const left = leftOf(run);
  return left === null || run.state === 'finished' ? NONE : duration(left);
};

/** @param {Summary} run */
const farText = (run) => {
  const { done, planned } = run.progress;
  if (run.state === 'damaged') return '';
  return planned === 0 ? '' : `${done}/${plural(planned, 'epoch')}`;
};

const collator = new Intl.Collator('en', { numeric: true });
let sort = { key: 'state', down: false };
/** Runs that are compared, by id. @type {Set<string>} */
export const compared = new Set();
/** @type {Map<string, ReturnType<typeof rowOf>>} */
const rows = new Map();

/** @param {string | number | null} a @param {string | number | null} b */
const order = (a, b) => {
  if (a === null || b === null) return Number(a === null) - Number(b === null); // nothing comes last, both ways
  const first = typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
  return sort.down ? -first : first;
};

/** The runs that the filter leaves, in the order of the table. */
export const sorted = () => {
  const filter = byId('filter');
  const words = (filter instanceof HTMLInputElement ? filter.value : '').toLowerCase().split(/\s+/).filter(Boolean);
  const column = COLUMNS.find(({ key }) => key === sort.key) ?? COLUMNS[0];
  return [...runs.values()]
    .filter((run) => {
      const text = `${run.name} ${run.label} ${run.state} ${run.phase ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => order(column?.of(a) ?? null, column?.of(b) ?? null) || collator.compare(a.name, b.name));
};

/**
 * @param {Summary} first
 * @param {{ onChoose: (id: string) => void, onCompare: () => void }} on
 */
const rowOf = ({ id }, { onChoose, onCompare }) => {
  const box = /** @type {HTMLInputElement} */ (h('input', { type: 'checkbox' }));
  box.addEventListener('change', () => {
    if (box.checked) compared.add(id);
    else compared.delete(id);
    onCompare();
  });
  const name = button('', () => onChoose(id), { class: 'link' });
  const label = h('small');
  const sentence = h('span', { class: 'sentence' });
  const state = h('span', { class: 'state' });
  const bar = h('div', { class: 'bar', 'aria-hidden': 'true' }, h('i'));
  const far = h('small');
  const numbers = COLUMNS.filter(({ text }) => text !== undefined).map((column) => ({
    column,
    cell: h('td', { class: column.css }),
  }));
  const row = h(
    'tr',
    {},
    h('td', { class: 'middle' }, box),
    h('th', { scope: 'row' }, name, label, sentence),
    h('td', { class: 'progress' }, state, bar, far),
    numbers.map(({ cell }) => cell),
  );
  /** @param {Summary} run */
  const tick = (run) => {
    bar.children[0]?.setAttribute('style', `transform: scaleX(${shareOf(run).toFixed(4)})`);
    const left = run.state === 'running' || run.state === 'queued' ? leftOf(run) : null;
    say(far, [farText(run), left === null ? '' : `${duration(left)} left`].filter(Boolean).join(', '));
    for (const { column, cell } of numbers) say(cell, column.text?.(run) ?? '');
  };
  /** @param {Summary} run @param {boolean} chosen */
  const update = (run, chosen) => {
    row.className = chosen ? 'chosen' : '';
    box.checked = compared.has(id);
    box.disabled = run.progress.done === 0;
    box.setAttribute('aria-label', `Compare ${run.name}`);
    say(name, run.name);
    if (chosen) name.setAttribute('aria-current', 'true');
    else name.removeAttribute('aria-current');
    say(label, [run.label, run.seed === null ? '' : `seed ${run.seed}`].filter(Boolean).join(', '));
    say(sentence, run.sentence ?? '');
    say(state, run.state);
    state.className = `state ${run.state}`;
    bar.className = `bar ${run.state}`;
    tick(run);
  };
  return { row, update, tick };
};

/**
 * Draws the table anew where something changed: rows stay the elements that they are, and the focus where it is.
 * @param {string | undefined} chosen
 * @param {{ onChoose: (id: string) => void, onCompare: () => void }} on
 */
export const showRuns = (chosen, on) => {
  const box = byId('runs-box');
  const again = () => showRuns(chosen, on);
  if (box.firstElementChild === null) {
    const headings = COLUMNS.map(({ key, title, css, down = false }) => {
      const press = () => {
        sort = { key, down: sort.key === key ? !sort.down : down };
        again();
      };
      return h('th', { scope: 'col', class: css, 'data-key': key }, button(title, press));
    });
    box.append(
      h(
        'table',
        { class: 'runs', 'aria-labelledby': 'runs-heading' },
        h(
          'thead',
          {},
          h('tr', {}, h('th', { scope: 'col', class: 'middle' }, h('span', { class: 'unseen' }, 'Compare')), headings),
        ),
        h('tbody'),
      ),
    );
    byId('filter').addEventListener('input', again);
  }
  for (const th of box.querySelectorAll('th[data-key]')) {
    const isSorted = th.getAttribute('data-key') === sort.key;
    th.setAttribute('aria-sort', isSorted ? (sort.down ? 'descending' : 'ascending') : 'none');
  }
  const body = box.querySelector('tbody');
  if (body === null) return;
  const shown = sorted();
  const elements = shown.map((run) => {
    const row = rows.get(run.id) ?? rowOf(run, on);
    rows.set(run.id, row);
    row.update(run, run.id === chosen);
    return row.row;
  });
  const focused = document.activeElement;
  if (elements.length !== body.children.length || elements.some((element, i) => body.children[i] !== element)) {
    body.replaceChildren(...elements);
    if (focused instanceof HTMLElement && body.contains(focused)) focused.focus({ preventScroll: true });
  }
  for (const id of rows.keys()) if (!runs.has(id)) rows.delete(id);
};

/** Time goes on also where nothing else does. */
export const tickRuns = () => {
  for (const [id, { tick }] of rows) {
    const run = runs.get(id);
    if (run?.state === 'running') tick(run);
  }
};
