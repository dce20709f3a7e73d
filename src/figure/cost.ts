import * as Plot from '@observablehq/plot';
import { fixed, grouped, type Table, tableOf } from '../measure/index.js';
import { markerStyle, refuse } from './canvas.js';
import { fourDigits, named, namedY, PANEL } from './chart.js';
import type { FigureKind, Seeds } from './kind.js';

interface Place {
  readonly row: Seeds;
  readonly seed: number;
  readonly weights: number;
  readonly multiplyAdds: number;
  /** Mean over all classes, in percent. */
  readonly accuracy: number;
}

const placesOf = (rows: readonly Seeds[]): Place[] =>
  rows.flatMap((row) =>
    row.runs.flatMap(({ info: { seed, size }, evaluation }) =>
      size === undefined || evaluation === undefined
        ? []
        : [{ row, seed, ...size, accuracy: 100 * evaluation.meanPerClassAccuracy }],
    ),
  );

const tableOfPlaces = (places: readonly Place[]): Table =>
  tableOf(places, [
    ['network', ({ row }) => row.label],
    ['seed', ({ seed }) => String(seed)],
    ['weights', ({ weights }) => grouped(weights)],
    ['multiply-adds', ({ multiplyAdds }) => grouped(multiplyAdds)],
    ['mean per class (%)', ({ accuracy }) => fixed(accuracy, 1)],
  ]);

/** What a network reaches for what it costs: mean accuracy per class against multiply-adds and against weights. */
export const cost: FigureKind = {
  name: 'cost',
  of: 'rows',
  page: 'always',
  eachRun: true,
  draw: (rows) => {
    const places = placesOf(rows);
    const networks = new Set(places.map(({ row }) => row));
    if (networks.size < 2)
      refuse('two networks of known size must be tested, there are fewer; give finished runs of tailnas train');
    const y = { ...namedY('test accuracy, mean per class (%)'), nice: true };
    const panel = (unit: number, label: string, of: (place: Place) => number) => ({
      ...PANEL,
      x: { ...named(label), nice: true, grid: true, ticks: 5, tickFormat: fourDigits },
      y,
      marks: rows.map((row) =>
        Plot.dot(
          places.filter((place) => place.row === row),
          { x: (place: Place) => of(place) / unit, y: 'accuracy', ...markerStyle(row.look) },
        ),
      ),
    });
    return {
      title: 'Accuracy against cost',
      caption:
        'Each point is a network of one seed on the test split; every class counts the same. Left: multiply-adds for ' +
        'one image. Right: weights.',
      rows: [
        { legend: [...networks].map(({ text, look }) => ({ text, mark: markerStyle(look) })) },
        {
          height: 340,
          panels: [
            panel(1e6, 'multiply-adds (million)', ({ multiplyAdds }) => multiplyAdds),
            panel(1e3, 'weights (thousand)', ({ weights }) => weights),
          ],
          data: [{ caption: 'Accuracy and cost of each network', table: tableOfPlaces(places) }],
        },
      ],
    };
  },
};
