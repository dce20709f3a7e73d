// Validation accuracy of every class, the largest in training first.
import { legend, plot } from './charts.js';
import { h, tableOf } from './dom.js';
import { digits, NONE } from './format.js';
import { chartWidth } from './sizes.js';

/** @typedef {import('../detail.js').Detail} Detail */

export const GROUPS = { head: 'var(--blue)', middle: 'var(--green)', tail: 'var(--vermillion)' };
const NAMED_CLASSES = 30;
const LONGEST_NAME = 18;

/** @param {string} name */
const cut = (name) => ([...name].length > LONGEST_NAME ? `${[...name].slice(0, LONGEST_NAME - 1).join('')}…` : name);

/** @param {Detail} detail */
export const classChart = ({ classes }) => {
  const known = classes.filter(({ accuracy }) => accuracy !== null);
  const width = chartWidth();
  const names = known.length <= NAMED_CLASSES;
  const bars = known.map(({ accuracy, group, name, images }, i) => ({
    i,
    y: 100 * (accuracy ?? 0),
    group,
    name,
    images,
  }));
  const fill = (/** @type {{ group: keyof typeof GROUPS }} */ { group }) => GROUPS[group];
  const mean = (/** @type {string} */ group) => {
    const of = bars.filter((bar) => bar.group === group);
    return of.length === 0
      ? `${group} ${NONE}`
      : `${group} ${digits(of.reduce((sum, { y }) => sum + y, 0) / of.length)} %`;
  };
  const title = 'Head to tail: validation accuracy of each class';
  const label = `${title}, after the last epoch: mean of ${['head', 'middle', 'tail'].map(mean).join(', of ')}`;
  const scale = { label: null, domain: [0, 100], grid: true, ticks: [0, 25, 50, 75, 100] };
  const color = { type: /** @type {const} */ ('identity') };
  const svg = names
    ? plot(
        {
          ...{
            width,
            height: 34 + 17 * bars.length,
            marginLeft: 124,
            marginRight: 14,
            marginTop: 4,
            marginBottom: 28,
            color,
          },
          x: scale,
          y: {
            ...{ label: null, type: 'band', domain: bars.map(({ i }) => i), tickSize: 0, padding: 0.25 },
            tickFormat: (/** @type {number} */ i) => cut(bars[i]?.name ?? ''),
          },
          marks: [Plot.barX(bars, { y: 'i', x: 'y', fill }), Plot.ruleX([0])],
        },
        label,
      )
    : plot(
        {
          ...{ width, height: 210, marginLeft: 44, marginRight: 14, marginTop: 12, marginBottom: 32, color },
          x: { label: 'classes, the largest in training first', labelAnchor: 'right', ticks: [], type: 'linear' },
          y: scale,
          marks: [
            Plot.rectY(bars, { x1: (d) => d.i, x2: (d) => d.i + 1, y: 'y', fill, inset: bars.length < 120 ? 0.5 : 0 }),
            Plot.ruleY([0]),
          ],
        },
        label,
      );
  const table = tableOf(
    title,
    ['class', 'group', 'training images', 'right (%)'],
    classes.map(({ name, group, images, accuracy }) => [
      name,
      group,
      images.toLocaleString('en-US'),
      accuracy === null ? NONE : digits(100 * accuracy),
    ]),
  );
  return h(
    'figure',
    { class: 'chart' },
    h('h3', {}, title),
    legend(Object.entries(GROUPS).map(([text, color]) => ({ text, color }))),
    svg,
    h('details', {}, h('summary', {}, 'Its numbers, as a table'), table),
  );
};
