// The chosen run: what it is, its charts, cells and operation weights.

import { epochTicks, legend, lineChart, lookOf, plot, pointsOf } from './charts.js';
import { byId, h, say, showFigures, tableOf } from './dom.js';
import { digits, duration, fixed, NONE, percent, plural } from './format.js';
import { leftOf } from './state.js';

/** @typedef {import('../detail.js').Detail} Detail */
/** @typedef {import('../summary.js').Summary} Summary */

const GROUPS = { head: 'var(--blue)', middle: 'var(--green)', tail: 'var(--vermillion)' };
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
const NAMED_CLASSES = 30;
/** Least width of a small chart, and the gap between two, as the style sheet has them. */
const MINI = 304;
const MINI_GAP = 20;
const LONGEST_NAME = 18;

/** @param {string} name */
const cut = (name) => ([...name].length > LONGEST_NAME ? `${[...name].slice(0, LONGEST_NAME - 1).join('')}…` : name);

/** @param {HTMLElement} box */
const widthOf = (box) => Math.max(220, Math.floor(box.clientWidth));

/** Width inside a chart of the grid. */
const chartWidth = () => {
  const width = widthOf(byId('charts'));
  const columns = width >= 848 ? 2 : 1;
  return Math.floor((width - 16 * (columns - 1)) / columns) - 28;
};

/** One sentence on how the run stands. @param {Summary} run */
export const standing = (run) => {
  const { done, planned, perEpoch } = run.progress;
  const far = `${done} of ${plural(planned, 'epoch')}`;
  const pace = perEpoch === null ? '' : `, ${duration(perEpoch)} each`;
  const left = leftOf(run);
  const inPhase = run.phase === null || run.phase === '' ? '' : `, phase ${run.phase}`;
  if (run.state === 'running')
    return (
      `Running${run.host === null ? '' : ` on ${run.host}`}: ${far} done${inPhase}${pace}` +
      (run.sentence === null ? '' : `, ${run.sentence}`) +
      (left === null ? '.' : done >= planned ? '.' : `, about ${duration(left)} left before the test.`)
    );
  if (run.state === 'stopped')
    return (
      `Stopped after ${far}${pace}: “tailnas resume” continues it where it was saved` +
      (left === null ? '.' : `, about ${duration(left)} to go.`)
    );
  if (run.state === 'finished')
    return `Finished: ${plural(done, 'epoch')}${pace}; ${percent(run.test)} mean per class on the test images.`;
  if (run.state === 'queued')
    return (
      'Queued: it is planned and has no folder yet' +
      (left === null ? '.' : `; it should take about ${duration(left)}.`)
    );
  if (run.state === 'reading') return `Its records are being read: ${far} so far.`;
  return `${run.state === 'diverged' ? 'Diverged' : run.state === 'failed' ? 'Failed' : 'Damaged'} after ${far}: ${run.sentence ?? ''}`;
};

/** @param {Detail} detail */
const classChart = ({ classes }) => {
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

/** @param {Detail} detail */
const schedulesChart = ({ knobs, columns }) => {
  const whole = widthOf(byId('charts')) - 28;
  const width =
    Math.floor((whole + MINI_GAP) / Math.max(1, Math.floor((whole + MINI_GAP) / (MINI + MINI_GAP)))) - MINI_GAP;
  const title = 'Schedules: where they are, and where they lead';
  const isFlat = (/** @type {Detail['knobs'][number]} */ { planned, values }) =>
    new Set([...planned.map(([, y]) => y), ...values.filter((y) => y !== null)].map((y) => digits(y ?? 0))).size < 2;
  const moving = knobs.filter((knob) => !isFlat(knob));
  const flat = knobs.filter(isFlat);
  const nowOf = (/** @type {Detail['knobs'][number]} */ { values }) => values.at(-1) ?? null;
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
    flat.length === 0
      ? null
      : h(
          'p',
          {},
          h(
            'small',
            {},
            `Constant: ${flat.map((knob) => `${knob.name} ${nowOf(knob) === null ? knob.label : digits(nowOf(knob) ?? 0)}`).join(', ')}`,
          ),
        ),
    h('details', {}, h('summary', {}, 'Its numbers, as a table'), table),
  );
};

/** @param {Detail} detail */
const charts = (detail) => {
  const { columns, phases } = detail;
  const width = chartWidth();
  const series = (/** @type {readonly (readonly [string, readonly (number | null)[]])[]} */ lines, scale = 1) =>
    lines
      .map(([text, ys], i) => ({ text, ...lookOf(i), points: pointsOf(columns.epoch, ys, scale) }))
      .filter(({ points }) => points.length > 0);
  const losses = series([
    ['training', columns.trainLoss],
    ['validation', columns.validLoss],
  ]);
  const accuracies = series(
    [
      ['training', columns.trainAccuracy],
      ['validation, all images', columns.accuracy],
      ['validation, mean per class', columns.perClass],
    ],
    100,
  );
  const groups = series(
    [
      ['head', columns.head],
      ['middle', columns.middle],
      ['tail', columns.tail],
    ],
    100,
  ).map((one) => ({
    ...one,
    color: one.text === 'head' ? GROUPS.head : one.text === 'middle' ? GROUPS.middle : GROUPS.tail,
  }));
  const figures = [];
  if (columns.epoch.length > 0) {
    figures.push({ key: 'loss', element: lineChart({ title: 'Loss', series: losses, width, phases }) });
    figures.push({
      key: 'accuracy',
      element: lineChart({ title: 'Accuracy (%)', unit: ' %', series: accuracies, width, phases }),
    });
  }
  if (groups.length > 0)
    figures.push({
      key: 'groups',
      element: lineChart({
        title: 'Head, middle and tail: validation accuracy (%)',
        unit: ' %',
        series: groups,
        width,
        phases,
      }),
    });
  if (detail.classes.some(({ accuracy }) => accuracy !== null))
    figures.push({ key: 'classes', element: classChart(detail) });
  if (detail.knobs.length > 0) figures.push({ key: 'schedules', element: schedulesChart(detail) });
  showFigures(byId('charts'), figures);
};

/** @param {Detail} detail @param {string} id */
const cells = ({ cells: all }, id) => {
  byId('cells-heading').hidden = all.length === 0;
  const box = byId('cells');
  const before = new Map([...box.children].map((element) => [element.getAttribute('data-version'), element]));
  box.replaceChildren(
    ...all.map(({ title, version, lines }) => {
      const key = `${id}/${version}`;
      return (
        before.get(key) ??
        h(
          'figure',
          { class: 'cell', 'data-version': key },
          h(
            'picture',
            {},
            h('source', { media: '(max-width: 42rem)', srcset: `/api/runs/${id}/cells/${version}/narrow` }),
            h('img', { src: `/api/runs/${id}/cells/${version}/wide`, alt: `${title}: ${lines.join('; ')}` }),
          ),
          h('details', {}, h('summary', {}, `${title} in words`), h('pre', {}, lines.join('\n'))),
        )
      );
    }),
  );
};

let alphaTitle = '';

/** @param {Detail} detail */
const alpha = (detail) => {
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
    alpha(detail);
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
    return { name, op: operations[now.indexOf(most)] ?? '', weight: most };
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
    `${title} after epoch ${epochs.at(-1)}; the largest on each edge: ${best.map(({ name, op, weight }) => `${name}: ${op} ${digits(weight)}`).join('; ')}`,
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

/** What changes every second. @param {Summary} run */
export const showStanding = (run) => {
  byId('run').hidden = false;
  say(byId('run-heading'), run.name);
  const lead = byId('run-lead');
  const tiles = [
    ['per class', percent(run.perClass)],
    ['all images', percent(run.accuracy)],
    ['head', percent(run.head)],
    ['tail', percent(run.tail)],
    ['training loss', fixed(run.trainLoss)],
    ['validation loss', fixed(run.validLoss)],
    ...(run.test === null ? [] : [['test, per class', percent(run.test)]]),
  ];
  if (lead.children.length === 0) lead.append(h('p', { class: 'lead-line' }), h('dl', { class: 'tiles-row' }));
  const [line, list] = lead.children;
  if (line) say(line, standing(run));
  if (list instanceof HTMLElement) list.hidden = run.progress.done === 0;
  const text = JSON.stringify(tiles);
  if (list && list.getAttribute('data-text') !== text) {
    list.setAttribute('data-text', text);
    list.replaceChildren(
      ...tiles.map(([name = '', value = '']) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    );
  }
};

/** @param {Detail | undefined} detail @param {string} id */
export const showDetail = (detail, id) => {
  if (detail === undefined) {
    for (const box of ['charts', 'cells', 'alpha-chart', 'facts']) byId(box).replaceChildren();
    byId('alpha').hidden = true;
    byId('cells-heading').hidden = true;
    return;
  }
  charts(detail);
  cells(detail, id);
  alpha(detail);
  byId('facts').replaceChildren(
    ...detail.facts.flatMap(([name, value]) => [
      h('dt', {}, name),
      h('dd', {}, name === 'command' ? h('code', {}, value) : value),
    ]),
  );
};
