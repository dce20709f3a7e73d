import { skipShares } from '../run/index.js';
import { refuse } from './canvas.js';
import { epochAxis, namedY, overEpochs, PANEL, panelOf, phaseCaption, phaseMarks } from './chart.js';
import type { FigureKind } from './kind.js';

/**
 * The signs of a search that collapses (RobustDARTS, Zela et al. 2020): the dominant eigenvalue of the validation
 * loss's Hessian in alpha, and how many of the edges that would be kept are skip connections, over epochs.
 */
export const eigenvalue: FigureKind = {
  name: 'eigenvalue',
  of: 'rows',
  page: 'always',
  draw: (rows) => {
    const measured = rows.filter(({ runs }) =>
      runs.some(({ records }) => records.some((record) => record.eigenvalue !== undefined)),
    );
    if (measured.length === 0) refuse('a run must have measured eigenvalues, none has; search with --eigenvalue 1');
    const runs = measured.flatMap((row) => row.runs);
    const eigenvalues = measured.map(({ text, look, runs: own }) => ({
      text,
      look,
      points: overEpochs(own, (record) => record.eigenvalue),
    }));
    const skips = measured.map(({ text, look, runs: own }) => ({
      text,
      look,
      points: overEpochs(own, ({ genotype = {} }) => 100 * Math.max(0, ...skipShares(genotype).map((s) => s.share))),
    }));
    const below = phaseMarks(runs);
    return {
      title: 'Signs of collapse over epochs',
      caption:
        'Top: the dominant eigenvalue of the Hessian of the validation loss in alpha, by Lanczos; a quick rise often ' +
        'comes before the cells fill with skip connections. Bottom: the share of skip connections among the edges ' +
        `of the cell that has most of them, if cells were taken in that epoch.${phaseCaption(runs)}`,
      rows: [
        { legend: eigenvalues },
        panelOf(eigenvalues, {
          height: 200,
          marginBottom: PANEL.marginBottom - 30,
          x: epochAxis(runs, { label: null }),
          y: { ...namedY('dominant eigenvalue'), nice: true, zero: true, ticks: 5 },
          below,
        }),
        panelOf(skips, {
          height: 200,
          marginBottom: PANEL.marginBottom,
          x: epochAxis(runs),
          y: { ...namedY('skip connections (%)'), domain: [0, 100], ticks: 5 },
          below,
        }),
      ],
    };
  },
};
