import * as Plot from '@observablehq/plot';
import { byRow, fixed, type LoadedRun, meanAndSd, type ResultRow, resultRows, tableOf } from '../measure/index.js';
import { type Figure, figure } from './canvas.js';
import { named } from './chart.js';
import { COLORS, rowLooks } from './looks.js';
import { fitted, textWidth } from './text.js';

const SIZE = 13;
const LINE = 26;
const LONGEST = 230; // pixels of a name

/**
 * Test accuracy of every method beside what the paper reports: all seeds, and their mean. Throws a RangeError when no
 * run is tested.
 */
export const accuracyFigure = (runs: readonly LoadedRun[]): Figure => {
  const rows = byRow(runs);
  const lines = resultRows(runs).filter(({ mean }) => mean !== null);
  if (lines.length === 0) throw new RangeError('Cannot draw accuracies: a run must be tested, none is');
  const ofSeeds = ({ name }: ResultRow): number[] =>
    (rows.find((of) => of.name === name)?.runs ?? []).flatMap(({ evaluation }) =>
      evaluation === undefined ? [] : [100 * evaluation.accuracy],
    );
  const names = lines.map(({ label }) => fitted(label, { size: SIZE, width: LONGEST }));
  const looks = rowLooks(lines.map(({ name }) => name));
  const colorOf = (name: string): string => looks.get(name)?.color ?? COLORS.grey;
  const seeds = lines.flatMap((line, y) => ofSeeds(line).map((x) => ({ x, y, fill: colorOf(line.name) })));
  const means = lines.map(({ mean, name }, y) => ({ x: mean ?? 0, y, fill: colorOf(name) }));
  const papers = lines.flatMap(({ paper }, y) => (paper === null ? [] : [{ x: paper, y }]));
  const all = [...seeds, ...papers].map(({ x }) => x);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const edge = Math.max(1, (most - least) / 20);
  const diamond = { symbol: 'diamond', r: 5, stroke: COLORS.black, strokeWidth: 1.5, fill: '#ffffff' } as const;
  const reported = papers.length === 0 ? '' : ' Diamonds: what the paper reports, of one run each.';
  return figure('accuracy', {
    title: 'Test accuracy of each method',
    caption: `Large dots: mean over seeds; small dots: each seed.${reported}`,
    rows: [
      {
        legend: [
          { text: 'mean', mark: { r: 6, fill: COLORS.grey } },
          { text: 'one seed', mark: { r: 3, fill: COLORS.grey, fillOpacity: 0.7 } },
          ...(papers.length === 0 ? [] : [{ text: 'the paper', mark: diamond }]),
        ],
      },
      {
        height: lines.length * LINE + 46,
        panels: [
          {
            marginLeft: 14 + Math.max(40, ...names.map((name) => textWidth(name, { size: SIZE }))),
            marginRight: 16,
            marginTop: 4,
            marginBottom: 42,
            x: { ...named('accuracy on the test images (%)'), domain: [least - edge, most + edge], grid: true },
            y: {
              ...({ label: null, type: 'band', domain: [...lines.keys()], tickSize: 0, padding: 0 } as const),
              tickFormat: (y: number) => names[y] ?? '',
            },
            marks: [
              Plot.dot(seeds, { x: 'x', y: 'y', r: 3, fill: 'fill', fillOpacity: 0.7 }),
              Plot.dot(means, { x: 'x', y: 'y', r: 6, fill: 'fill', stroke: '#ffffff' }),
              Plot.dot(papers, { x: 'x', y: 'y', ...diamond }),
            ],
          },
        ],
        data: [
          {
            caption: 'Test accuracy in percent',
            table: tableOf(lines, [
              ['method', ({ label }) => label],
              ['mean ± sd', meanAndSd],
              [
                'seeds',
                (line) =>
                  ofSeeds(line)
                    .map((x) => x.toFixed(2))
                    .join(', '),
              ],
              ...(papers.length === 0 ? [] : [['the paper', ({ paper }: ResultRow) => fixed(paper)] as const]),
            ]),
          },
        ],
      },
    ],
  });
};
