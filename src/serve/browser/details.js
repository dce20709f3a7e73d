// The chosen run: what it is, its charts, cells and operation weights.

import { showAlpha } from './alpha-chart.js';
import { lineChart, lookOf, pointsOf } from './charts.js';
import { classChart, GROUPS } from './class-chart.js';
import { byId, h, say, showFigures } from './dom.js';
import { duration, fixed, percent, plural } from './format.js';
import { schedulesChart } from './schedules-chart.js';
import { chartWidth } from './sizes.js';
import { leftOf } from './state.js';

/** @typedef {import('../detail.js').Detail} Detail */
/** @typedef {import('../summary.js').Summary} Summary */

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
  const how = run.state === 'diverged' ? 'Diverged' : run.state === 'failed' ? 'Failed' : 'Damaged';
  return `${how} after ${far}: ${run.sentence ?? ''}`;
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
  showAlpha(detail);
  byId('facts').replaceChildren(
    ...detail.facts.flatMap(([name, value]) => [
      h('dt', {}, name),
      h('dd', {}, name === 'command' ? h('code', {}, value) : value),
    ]),
  );
};
