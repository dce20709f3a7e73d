import type { CellKind, CellPlan } from '../space/index.js';
import type { Dtype } from '../tensor/index.js';

/** The sizes of a network: DARTS searches at 16 channels, 8 cells, 4 nodes. */
export interface NetShape {
  /** Channels of the first cell; each reduction doubles them. */
  readonly channels: number;
  readonly layers: number;
  /** Intermediate nodes of a cell. */
  readonly nodes: number;
  readonly classes: number;
  readonly inputChannels: number;
  readonly dtype?: Dtype;
  readonly device?: string;
  /** Run fused kernels where they apply; unless said, yes (see TAILNAS_KERNELS). */
  readonly fused?: boolean;
}

/** What a network's cells are made of, and whether they are a supernet's. */
export interface CellSpace {
  readonly plan: (kind: CellKind) => CellPlan;
  readonly search: boolean;
}

/** Reductions stand at a third and two thirds of the depth (DARTS): cells ⌊L/3⌋ and ⌊2L/3⌋. */
export const cellKind = (index: number, layers: number): CellKind =>
  index === Math.floor(layers / 3) || index === Math.floor((2 * layers) / 3) ? 'reduction' : 'normal';

/** Throws a RangeError that names the size which no network can have. */
export const checkShape = (shape: NetShape): void => {
  for (const name of ['channels', 'layers', 'nodes', 'classes', 'inputChannels'] as const) {
    const least = name === 'classes' ? 2 : 1;
    if (!Number.isInteger(shape[name]) || shape[name] < least)
      throw new RangeError(`Cannot build network: ${name} must be a whole number >= ${least}, got ${shape[name]}`);
  }
};
