// Where schedules are, and where they lead.
import { epochTicks, legend, plot, pointsOf } from './charts.js';
import { byId, h, tableOf } from './dom.js';
import { digits, NONE } from './format.js';
import { widthOf } from './sizes.js';

/** @typedef {import('../detail.js').Detail} Detail */
/** @typedef {Detail['knobs'][number]} Knob */

/** Least width of a small chart, and the gap between two, as the style sheet has them. */
const MINI = 304;
const MINI_GAP = 20;

/** @param {Detail} detail */
export const schedulesChart = ({ knobs, columns }) => {
  const whole = widthOf(byId('charts')) - 28;
  const width =
    Math.floor((whole + MINI_GAP) / Math.max(1, Math.floor((whole + MINI_GAP) / (MINI + MINI_GAP)))) - MINI_GAP;
  const title = 'Schedules: where they are, and where they lead';
  const isFlat = (/** @type {Knob} */ { planned, values }) =>
    new Set([...planned.map(([, y]) => y), ...values.filter((y) => y !== null)].map((y) => digits(y ?? 0))).size < 2;
  const moving = knobs.filter((knob) => !isFlat(knob));
  const flat = knobs.filter(isFlat);
  const nowOf = (/** @type {Knob} */ { values }) => values.at(-1) ?? null;
  const constantText = (/** @type {Knob} */ knob) => {
    const now = nowOf(knob);
    return `${knob.name} ${now === null ? knob.label : digits(now)}`;
  };
  const charts = moving.map((knob) => {
    const { name, label, planned } = knob;
    const now = nowOf(knob);
    const past = pointsOf(columns.epoch, knob.values);
    const future = planned.map(([x, y]) => ({ x, y }));
    const last = Math.max(2, ...future.map(({ x }) => x), ...past.map(({ x }) => x));
    const said = `${name}${now === null ? '' : ` is ${digits(now)}`}${label === '' ? '' : `, by ${label}`}`;
    return h(
      'div',
      {},
      h('figcaption', {}, h('b', {}, name), now === null ? '' : ` = ${digits(now)}`, label === '' ? '' : `, ${label}`),
      plot(
        {
          ...{ width, height: 92, marginLeft: 50, marginRight: 14, marginTop: 8, marginBottom: 20 },
          x: { label: null, domain: [1, last], ticks: epochTicks(last), tickFormat: 'd' },
          y: { label: null, ticks: 3, nice: true, grid: true, zero: true },
          marks: [
            Plot.lineY(future, { x: 'x', y: 'y', stroke: 'var(--grey)', strokeWidth: 1.5, strokeDasharray: '3 3' }),
            Plot.lineY(past, { x: 'x', y: 'y', stroke: 'var(--blue)', strokeWidth: 2.5 }),
            Plot.dot(past.slice(-1), { x: 'x', y: 'y', r: 4, fill: 'var(--blue)' }),
          ],
        },
        said,
      ),
    );
  });
  const table = tableOf(
    title,
    ['schedule', 'now', 'formula'],
    knobs.map((knob) => [knob.name, nowOf(knob) === null ? NONE : digits(nowOf(knob) ?? 0), knob.label]),
  );
  return h(
    'figure',
    { class: 'chart across' },
    h('h3', {}, title),
    moving.length === 0
      ? null
      : legend([
          { text: 'so far', color: 'var(--blue)' },
          { text: 'planned', color: 'var(--grey)', dash: '3 3' },
        ]),
    h('div', { class: 'minis' }, charts),
    flat.length === 0 ? null : h('p', {}, h('small', {}, `Constant: ${flat.map(constantText).join(', ')}`)),
    h('details', {}, h('summary', {}, 'Its numbers, as a table'), table),
  );
};
