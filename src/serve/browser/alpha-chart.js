// The weights of all operations on the edges of a cell, over epochs.
import { epochTicks, legend, plot } from './charts.js';
import { byId, h, showFigures, tableOf } from './dom.js';
import { digits, fixed, NONE } from './format.js';
import { widthOf } from './sizes.js';

/** @typedef {import('../detail.js').Detail} Detail */

/** Colours of the reports, as this page has them, light or dark. @type {Record<string, string>} */
const COLORS = {
  '#000000': 'var(--black)',
  '#e69f00': 'var(--orange)',
  '#56b4e9': 'var(--sky)',
  '#009e73': 'var(--green)',
  '#0072b2': 'var(--blue)',
  '#d55e00': 'var(--vermillion)',
  '#cc79a7': 'var(--purple)',
  '#767676': 'var(--grey)',
};

let alphaTitle = '';

/** @param {Detail} detail */
export const showAlpha = (detail) => {
  const { alpha: all, looks } = detail;
  byId('alpha').hidden = all.length === 0;
  const select = byId('alpha-cell');
  if (!(select instanceof HTMLSelectElement)) return;
  const chosen = all.find(({ title }) => title === alphaTitle) ?? all[0];
  const titles = all.map(({ title }) => title);
  if ([...select.options].map(({ text }) => text).join('\n') !== titles.join('\n'))
    select.replaceChildren(...titles.map((title) => h('option', { selected: title === chosen?.title }, title)));
  select.onchange = () => {
    alphaTitle = select.value;
    showAlpha(detail);
  };
  if (chosen === undefined) return showFigures(byId('alpha-chart'), []);
  const { edges, epochs } = chosen;
  const width = widthOf(byId('alpha-chart')) - 28;
  const columns = Math.max(1, Math.min(edges.length, Math.floor(width / 165)));
  const rows = Math.ceil(edges.length / columns);
  const names = [...new Set(edges.flatMap(({ operations }) => operations))];
  const look = (/** @type {string} */ name) => ({
    color: COLORS[looks[name]?.color.toLowerCase() ?? ''] ?? 'currentColor',
    dash: looks[name]?.dash ?? '',
  });
  const places = edges.map((edge, i) => ({ edge, fx: i % columns, fy: Math.floor(i / columns) }));
  const points = (/** @type {string} */ name) =>
    places.flatMap(({ edge, fx, fy }) => {
      const op = edge.operations.indexOf(name);
      return op < 0 ? [] : epochs.map((x, i) => ({ fx, fy, x, y: edge.weights[i]?.[op] ?? 0 }));
    });
  const last = Math.max(2, ...epochs);
  const best = edges.map(({ name, operations, weights }) => {
    const now = weights.at(-1) ?? [];
    const most = Math.max(...now);
    return `${name}: ${operations[now.indexOf(most)] ?? ''} ${digits(most)}`;
  });
  const title = `Operation weights, ${chosen.title}`;
  const svg = plot(
    {
      ...{ width, height: rows * 104 + 40, marginLeft: 32, marginRight: 6, marginTop: 22, marginBottom: 26 },
      fx: { axis: null, domain: Array.from({ length: columns }, (_, i) => i), padding: 0.16 },
      fy: { axis: null, domain: Array.from({ length: rows }, (_, i) => i), padding: 0.32 },
      x: { label: null, domain: [epochs[0] ?? 1, last], ticks: epochTicks(last, 3), tickFormat: 'd' },
      y: { label: null, ticks: 3, nice: true, grid: true, zero: true },
      marks: [
        ...names.map((name) => {
          const { color, dash } = look(name);
          return Plot.lineY(points(name), {
            ...{ x: 'x', y: 'y', fx: 'fx', fy: 'fy', stroke: color, strokeWidth: 1.5 },
            ...(dash === '' ? {} : { strokeDasharray: dash }),
          });
        }),
        Plot.text(places, {
          fx: 'fx',
          fy: 'fy',
          text: ({ edge }) => edge.name,
          frameAnchor: 'top-left',
          dy: -14,
          fontWeight: 'bold',
          fill: 'currentColor',
        }),
      ],
    },
    `${title} after epoch ${epochs.at(-1)}; the largest on each edge: ${best.join('; ')}`,
  );
  const table = tableOf(
    `${title} after epoch ${epochs.at(-1)}`,
    ['edge, node ← source', ...names],
    edges.map(({ name, operations, weights }) => [
      name,
      ...names.map((op) => {
        const at = operations.indexOf(op);
        return at < 0 ? NONE : fixed(weights.at(-1)?.[at] ?? null);
      }),
    ]),
  );
  const element = h(
    'figure',
    { class: 'chart' },
    legend(names.map((text) => ({ text, ...look(text) }))),
    svg,
    h('figcaption', {}, 'One panel per edge, “node ← source”; c(k−2) and c(k−1) are the inputs of the cell.'),
    h('details', {}, h('summary', {}, 'Its numbers, as a table'), table),
  );
  showFigures(byId('alpha-chart'), [{ key: 'alpha', element }]);
};
