import type { ScaleOptions } from '@observablehq/plot';
import { mean } from '../measure/index.js';
import type { EpochRecord } from '../run/index.js';
import { epochAxis, namedY, PANEL, phaseCaption, phaseMarks, spreadCaption } from './axes.js';
import { figure, type Row } from './canvas.js';
import type { FigureKind } from './kind.js';
import { legendOf, panelOf } from './lines.js';
import { seriesLook } from './looks.js';
import { oneRow, overEpochs } from './rows.js';

interface Curve {
  readonly text: string;
  readonly color: number;
  readonly of: (record: EpochRecord) => number | null | undefined;
}

const percent = (share: number | null): number | null => (share === null ? null : 100 * share);

const meanPerClass = ({ perClassAccuracy }: EpochRecord): number | null => {
  const known = (perClassAccuracy ?? []).filter((a) => a !== null);
  return known.length === 0 ? null : 100 * mean(known);
};

const LOSS: readonly Curve[] = [
  { text: 'training', color: 0, of: (r) => r.trainLoss },
  { text: 'validation', color: 1, of: (r) => r.validLoss },
];
const ACCURACY: readonly Curve[] = [
  { text: 'validation, all images', color: 1, of: (r) => percent(r.validAccuracy) },
  { text: 'validation, mean per class', color: 2, of: meanPerClass },
];
/** Where no image validates, there is no other accuracy. */
const TRAIN_ACCURACY: readonly Curve[] = [{ text: 'training', color: 0, of: (r) => percent(r.trainAccuracy) }];
const MIXING: readonly Curve[] = [{ text: 'mixing ratio', color: 4, of: ({ knobs }) => knobs['mixing'] }];

/** Figure 2: how training went: losses, accuracy and, where it mixes two branches, the mixing ratio, over epochs. */
export const training: FigureKind = {
  name: 'training',
  of: 'row',
  page: 'alone',
  draw: (runs, name) => {
    const seeds = oneRow(runs, name);
    const records = runs.flatMap((run) => run.records);
    const mixed = records.some(({ knobs }) => knobs['mixing'] !== undefined);
    const validated = records.some(({ validLoss }) => validLoss !== null);
    const panel = (
      curves: readonly Curve[],
      { y, height, last = false }: { y: ScaleOptions; height: number; last?: boolean },
    ): Row[] => {
      const series = curves
        .map(({ text, color, of }) => ({ text, look: seriesLook(color), points: overEpochs(runs, of) }))
        .filter(({ points }) => points.length > 0 || validated);
      return [
        { legend: legendOf(series) },
        panelOf(series, {
          height: last ? height + 30 : height,
          marginBottom: last ? PANEL.marginBottom : PANEL.marginBottom - 30,
          x: epochAxis(runs, { label: last ? 'epoch' : null }),
          y: { grid: true, nice: true, ticks: 5, ...y },
          below: phaseMarks(runs),
        }),
      ];
    };
    const accuracy = validated ? 'validation accuracy' : 'accuracy';
    return figure(
      {
        name,
        title: `Training${validated ? ' and validation' : ''} of ${seeds.text}`,
        caption:
          `${seeds.label}: loss, ${accuracy}${mixed ? ' and mixing ratio' : ''} over the epochs.` +
          (mixed
            ? ' Validation is of the class head alone (mixing 0), while training moves from the instance branch ' +
              '(mixing 1) to the class branch (mixing 0).'
            : '') +
          phaseCaption(runs) +
          spreadCaption(runs),
      },
      {
        rows: [
          ...panel(LOSS, { y: namedY('cross-entropy loss'), height: 190 }),
          ...panel(validated ? ACCURACY : TRAIN_ACCURACY, { y: namedY('accuracy (%)'), height: 190, last: !mixed }),
          ...(mixed
            ? panel(MIXING, { y: { ...namedY('mixing ratio'), domain: [0, 1] }, height: 130, last: true })
            : []),
        ],
      },
    );
  },
};
