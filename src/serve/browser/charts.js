// Charts in the colours of the page. Each has a sentence for who cannot see it, and its numbers as a table.
import { h, tableOf } from './dom.js';
import { digits, NONE } from './format.js';

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ text: string, color: string, dash?: string, points: readonly Point[] }} Series */

/** Colour and dashes of the series of a chart, in order. */
export const LOOKS = [
  { color: 'var(--blue)', dash: '' },
  { color: 'var(--vermillion)', dash: '7 3' },
  { color: 'var(--green)', dash: '2 3' },
  { color: 'var(--purple)', dash: '8 3 2 3' },
  { color: 'var(--black)', dash: '13 4' },
  { color: 'var(--orange)', dash: '' },
  { color: 'var(--sky)', dash: '7 3' },
];

/** The look of the i-th series. @param {number} i */
export const lookOf = (i) => LOOKS[i % LOOKS.length] ?? { color: 'currentColor', dash: '' };

/** Points of two columns, without gaps. @param {readonly number[]} xs @param {readonly (number | null)[]} ys */
export const pointsOf = (xs, ys, scale = 1) =>
  xs.flatMap((x, i) => {
    const y = ys[i];
    return y === null || y === undefined ? [] : [{ x, y: scale * y }];
  });

const MOST_ROWS = 41;

/** @template T @param {readonly T[]} values */
const evenly = (values) => {
  if (values.length <= MOST_ROWS) return values;
  return values.filter((_, i) => i % Math.ceil(values.length / MOST_ROWS) === 0 || i === values.length - 1);
};

/** A sample of a line. @param {{ color: string, dash?: string }} look */
const sample = ({ color, dash }) => {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  for (const [name, value] of Object.entries({ x1: 0, x2: 26, y1: 4, y2: 4, 'stroke-width': 2 }))
    line.setAttribute(name, String(value));
  line.setAttribute('style', `stroke: ${color}`);
  if (dash) line.setAttribute('stroke-dasharray', dash);
  svg.setAttribute('aria-hidden', 'true');
  svg.append(line);
  return svg;
};

/** @param {readonly { text: string, color: string, dash?: string }[]} entries */
export const legend = (entries) =>
  h(
    'ul',
    { class: 'legend' },
    entries.map((entry) => h('li', {}, sample(entry), entry.text)),
  );

/**
 * A plot as an image with one name; what it is made of is hidden from readers.
 * @param {import('@observablehq/plot').PlotOptions} options
 * @param {string} label
 */
export const plot = (options, label) => {
  const svg = Plot.plot({ style: { background: 'none', color: 'var(--ink)' }, ...options });
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  for (const part of svg.querySelectorAll('[aria-label], [aria-description]')) {
    part.removeAttribute('aria-label');
    part.removeAttribute('aria-description');
  }
  return svg;
};

/** `training 0.412 at epoch 12 (lowest 0.398 at 11)`. @param {Series} series @param {string} unit */
const finding = ({ text, points }, unit) => {
  const last = points.at(-1);
  if (last === undefined) return `${text}: nothing yet`;
  const high = points.reduce((a, b) => (b.y > a.y ? b : a));
  return `${text} ${digits(last.y)}${unit} at epoch ${last.x}, highest ${digits(high.y)}${unit} at epoch ${high.x}`;
};

/** Whole numbers for ticks of epochs, about `count` of them. @param {number} last */
export const epochTicks = (last, count = 6) => {
  const rough = Math.max(1, last / count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const ticks = Array.from({ length: Math.floor(last / step) }, (_, i) => (i + 1) * step);
  return step === 1 ? ticks : [1, ...ticks];
};

/** Between two phases. @param {readonly { epochs: number }[]} phases @param {number} last */
const phaseStarts = (phases, last) => {
  let end = 0;
  return phases
    .slice(0, -1)
    .map(({ epochs }) => {
      end += epochs;
      return end + 0.5;
    })
    .filter((x) => x < last);
};

/**
 * Lines over epochs as a figure: heading, legend, chart, and its numbers behind it.
 * @param {{ title: string, unit?: string, series: readonly Series[], width: number, height?: number, level?: string,
 *   domain?: readonly [number, number] | undefined, phases?: readonly { epochs: number }[], caption?: string }} options
 */
export const lineChart = ({
  title,
  unit = '',
  series,
  width,
  height = 210,
  level = 'h3',
  domain,
  phases = [],
  caption,
}) => {
  const drawn = series.filter(({ points }) => points.length > 0);
  const last = Math.max(1, ...drawn.flatMap(({ points }) => points.map(({ x }) => x)));
  const svg = plot(
    {
      width,
      height,
      marginLeft: 44,
      marginRight: 14,
      marginTop: 12,
      marginBottom: 32,
      x: {
        label: 'epoch',
        labelAnchor: 'right',
        domain: last === 1 ? [0.5, 1.5] : [1, last],
        ticks: epochTicks(last),
        tickFormat: 'd',
      },
      y: { label: null, grid: true, ticks: 5, nice: domain === undefined, ...(domain && { domain: [...domain] }) },
      marks: [
        Plot.ruleX(phaseStarts(phases, last), { stroke: 'var(--grey)', strokeDasharray: '1 3', strokeWidth: 1.5 }),
        ...drawn.map(({ points, color, dash }) =>
          Plot.lineY(points, {
            ...{ x: 'x', y: 'y', stroke: color, strokeWidth: 2, clip: true },
            ...(dash ? { strokeDasharray: dash } : {}),
          }),
        ),
        ...drawn.map(({ points, color }) => Plot.dot(points.slice(-1), { x: 'x', y: 'y', r: 3.5, fill: color })),
      ],
    },
    `${title}: ${series.map((one) => finding(one, unit)).join('; ')}`,
  );
  const epochs = evenly([...new Set(drawn.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b));
  const at = series.map(({ points }) => new Map(points.map(({ x, y }) => [x, y])));
  const table = tableOf(
    title,
    ['epoch', ...series.map(({ text }) => text)],
    epochs.map((epoch) => [
      String(epoch),
      ...at.map((values) => {
        const value = values.get(epoch);
        return value === undefined ? NONE : digits(value);
      }),
    ]),
  );
  return h(
    'figure',
    { class: 'chart' },
    h(level, {}, title),
    caption === undefined ? null : h('figcaption', {}, caption),
    series.length > 1 ? legend(series) : null,
    svg,
    h('details', {}, h('summary', {}, 'Its numbers, as a table'), table),
  );
};
