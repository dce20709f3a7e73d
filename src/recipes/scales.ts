import type { Settings } from '../train/index.js';

/** How large a search is: a preset of scalars, whose reasons are in LOG.md. */
export const scaleNames = ['smoke', 'small', 'paper'] as const;
export type Scale = (typeof scaleNames)[number];

export const scales: Readonly<Record<Scale, Partial<Settings>>> = {
  /** Minutes on two cores: shows that everything works. */
  smoke: { epochs: 2, batchSize: 64, channels: 4, layers: 3, nodes: 2 },
  /** Under an hour on two cores: curves past their steep part. */
  small: { epochs: 10, batchSize: 64, channels: 8, layers: 5, nodes: 3 },
  /** The paper's own sizes. */
  paper: {},
};
