import type { ScaleOptions } from '@observablehq/plot';
import { mean } from '../measure/index.js';
import type { EpochRecord } from '../run/index.js';
import type { Row } from './canvas.js';
import { epochAxis, namedY, overEpochs, PANEL, panelOf, phaseCaption, phaseMarks } from './chart.js';
import type { FigureKind } from './kind.js';
import { seriesLook } from './looks.js';

interface Curve {
  readonly text: string;
  readonly color: number;
  readonly of: (record: EpochRecord) => number | null | undefined;
}

const percent = (share: number | null): number | null => (share === null ? null : 100 * share);

const LOSS: readonly Curve[] = [
  { text: 'training', color: 0, of: (r) => r.trainLoss },
  { text: 'validation', color: 1, of: (r) => r.validLoss },
];
const ACCURACY: readonly Curve[] = [
  { text: 'validation, all images', color: 1, of: (r) => percent(r.validAccuracy) },
  {
    text: 'validation, mean per class',
    color: 2,
    of: ({ perClassAccuracy }) => 100 * mean((perClassAccuracy ?? []).filter((a) => a !== null)),
  },
];
/** Where no image validates, there is no other accuracy. */
const TRAIN_ACCURACY: readonly Curve[] = [{ text: 'training', color: 0, of: (r) => percent(r.trainAccuracy) }];
const MIXING: readonly Curve[] = [{ text: 'mixing ratio', color: 4, of: ({ knobs }) => knobs['mixing'] }];

/** Figure 2: how training went: losses, accuracy and, where it mixes two branches, the mixing ratio, over epochs. */
export const training: FigureKind = {
  name: 'training',
  of: 'row',
  page: 'alone',
  draw: ({ label, text: title, runs }) => {
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
      const panel = panelOf(series, {
        height: last ? height + 30 : height,
        marginBottom: last ? PANEL.marginBottom : PANEL.marginBottom - 30,
        x: epochAxis(runs, { label: last ? 'epoch' : null }),
        y: { nice: true, ticks: 5, ...y },
        below: phaseMarks(runs),
      });
      return [{ legend: series }, panel];
    };
    const what = `${validated ? 'validation ' : ''}accuracy${mixed ? ' and mixing ratio' : ''}`;
    const mixing =
      ' Validation is of the class head alone (mixing 0), while training moves from the instance branch (mixing 1) ' +
      'to the class branch (mixing 0).';
    return {
      title: `Training${validated ? ' and validation' : ''} of ${title}`,
      caption: `${label}: loss, ${what} over the epochs.${mixed ? mixing : ''}${phaseCaption(runs)}`,
      rows: [
        ...panel(LOSS, { y: namedY('cross-entropy loss'), height: 190 }),
        ...panel(validated ? ACCURACY : TRAIN_ACCURACY, { y: namedY('accuracy (%)'), height: 190, last: !mixed }),
        ...(mixed ? panel(MIXING, { y: { ...namedY('mixing ratio'), domain: [0, 1] }, height: 130, last: true }) : []),
      ],
    };
  },
};
