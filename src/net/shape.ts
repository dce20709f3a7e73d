import type { ParameterStore } from '../nn/index.js';
import type { CellKind, CellPlan, DropMask, EdgeShape } from '../space/index.js';
import type { Dtype } from '../tensor/index.js';
import type { Classifier } from './classifier.js';

/** What every network has to know of its task and machine. */
export interface TaskShape {
  readonly classes: number;
  readonly inputChannels: number;
  /** Height and width of the images, where they are known: sizes that a network cannot halve are then refused. */
  readonly imageSize?: number;
  readonly dtype?: Dtype;
  readonly device?: string;
  /** Run fused kernels where they apply; unless said, yes (see TAILNAS_KERNELS). */
  readonly fused?: boolean;
  /** Registers additional weights, of a wrapper of the network. */
  readonly extend?: (store: ParameterStore) => void;
  /** How features become logits; a linear layer unless said. */
  readonly classifier?: Classifier;
}

/** The sizes of a network of cells: DARTS searches at 16 channels, 8 cells, 4 nodes. */
export interface NetShape extends TaskShape {
  /** Channels of the first cell; each reduction doubles them. */
  readonly channels: number;
  /** Cells of the stack. */
  readonly layers: number;
  /** Intermediate nodes of a supernet's cell. A derived cell has those of its genotype. */
  readonly nodes: number;
}

/** What a network's cells are made of, and whether they are a supernet's. */
export interface CellSpace {
  readonly plan: (kind: CellKind) => CellPlan;
  readonly supernet: boolean;
  /** What drop-path draws with; from `rng` unless said. */
  readonly mask?: DropMask | undefined;
  readonly edges?: EdgeShape | undefined;
}

/** Reductions are at a third and two thirds of the depth (DARTS): cells ⌊L/3⌋ and ⌊2L/3⌋. */
export const cellKind = (index: number, layers: number): CellKind =>
  index === Math.floor(layers / 3) || index === Math.floor((2 * layers) / 3) ? 'reduction' : 'normal';

/** The kinds of cell of a stack. */
export const cellKinds = (layers: number): CellKind[] =>
  (['normal', 'reduction'] as const).filter((kind) => layers > 2 || kind === 'reduction');

/** Throws a RangeError unless sizes are whole numbers >= 1 (classes: 2) and the image can be halved so often. */
export const checkSizes = (
  sizes: Readonly<Record<string, number>>,
  { imageSize, reductions }: { imageSize: number | undefined; reductions: number },
): void => {
  for (const [name, value] of Object.entries(sizes)) {
    const least = name === 'classes' ? 2 : 1;
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(`Cannot build network: ${name} must be a whole number >= ${least}, got ${value}`);
  }
  const least = 2 ** reductions;
  if (imageSize !== undefined && !(imageSize >= least))
    throw new RangeError(
      `Cannot build network: imageSize must be >= ${least} to be halved ${reductions} times, got ${imageSize}`,
    );
};

/** Throws a RangeError that names the size which no network of cells can have. */
export const checkShape = ({ channels, layers, nodes, classes, inputChannels, imageSize }: NetShape): void =>
  checkSizes({ channels, layers, nodes, classes, inputChannels }, { imageSize, reductions: layers > 1 ? 2 : 1 });
