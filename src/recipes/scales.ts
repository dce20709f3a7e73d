import type { Settings } from '../train/index.js';

/** How large a search is: a preset of scalars, whose reasons are in LOG.md. */
export const scaleNames = ['smoke', 'small', 'paper'] as const;
export type Scale = (typeof scaleNames)[number];

export const scales: Readonly<Record<Scale, Partial<Settings>>> = {
  /** Minutes on two cores: shows that everything works. */
  smoke: { epochs: 2, batchSize: 64, channels: 4, layers: 3, nodes: 2 },
  /** Twenty minutes to an hour with one thread: nearly as many steps as the paper's 50 epochs have, past the steep part of the curves. */
  small: { epochs: 10, batchSize: 32, channels: 8, layers: 4, nodes: 2 },
  /** The paper's own sizes. */
  paper: {},
};
