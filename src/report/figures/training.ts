import type { ScaleOptions } from '@observablehq/plot';
import type { EpochRecord } from '../../run/index.js';
import { type Figure, figure, type Look, type Row } from '../plot.js';
import type { LoadedRun } from '../runs.js';
import { mean } from '../statistics.js';
import { epochAxis, namedY, PANEL, phaseCaption, phaseMarks, spreadCaption } from './axes.js';
import { seriesLook } from './looks.js';
import { epochNumber, oneRecipe } from './runs.js';
import { legendOf, pooled, seriesMarks } from './series.js';

interface Curve {
  readonly text: string;
  readonly look: Look;
  readonly of: (record: EpochRecord) => number | null;
}

const meanPerClass = ({ perClassAccuracy }: EpochRecord): number | null => {
  const known = perClassAccuracy.filter((a) => a !== null);
  return known.length === 0 ? null : 100 * mean(known);
};

const LOSS: readonly Curve[] = [
  { text: 'training', look: seriesLook(0), of: (r) => r.trainLoss },
  { text: 'validation', look: seriesLook(1), of: (r) => r.validLoss },
];
const ACCURACY: readonly Curve[] = [
  { text: 'validation, all images', look: seriesLook(1), of: (r) => 100 * r.validAccuracy },
  { text: 'validation, mean per class', look: seriesLook(2), of: meanPerClass },
];
const MIXING: readonly Curve[] = [{ text: 'mixing ratio', look: seriesLook(4), of: (r) => r.mixing }];

/** Figure 2: how one recipe's training went: losses, validation accuracy and, where it mixes two branches, the mixing ratio, over epochs. */
export const trainingCurves = (
  runs: readonly LoadedRun[],
  { name = 'figure-2', what = 'figure 2' }: { name?: string; what?: string } = {},
): Figure => {
  const seeds = oneRecipe(runs, { what });
  const mixes = runs.some(({ records }) => records.some((r) => r.mixing !== null));
  const panel = (
    curves: readonly Curve[],
    { y, height, last = false }: { y: ScaleOptions; height: number; last?: boolean },
  ): Row[] => {
    const series = curves.map(({ text, look, of }) => ({
      text,
      look,
      points: pooled(runs.map(({ records }) => records.map((r) => ({ x: epochNumber(r), y: of(r) })))),
    }));
    return [
      { legend: legendOf(series) },
      {
        height: last ? height + 30 : height,
        panels: [
          {
            ...PANEL,
            marginBottom: last ? PANEL.marginBottom : PANEL.marginBottom - 30,
            x: epochAxis(runs, { label: last ? 'epoch' : null }),
            y: { grid: true, nice: true, ticks: 5, ...y },
            marks: [...phaseMarks(runs), ...seriesMarks(series)],
          },
        ],
      },
    ];
  };
  return figure(
    {
      name,
      title: `Training and validation of ${seeds.text}`,
      caption:
        `${seeds.label}: loss, validation accuracy${mixes ? ' and mixing ratio' : ''} over the epochs.` +
        (mixes
          ? ' Validation is of the class head alone (mixing 0), while training moves from the instance branch (mixing 1) to the class branch (mixing 0).'
          : '') +
        phaseCaption(runs) +
        spreadCaption(runs),
    },
    {
      rows: [
        ...panel(LOSS, { y: namedY('cross-entropy loss'), height: 190 }),
        ...panel(ACCURACY, { y: namedY('accuracy (%)'), height: 190, last: !mixes }),
        ...(mixes ? panel(MIXING, { y: { ...namedY('mixing ratio'), domain: [0, 1] }, height: 130, last: true }) : []),
      ],
    },
  );
};
