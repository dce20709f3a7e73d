import type { Values } from '../experiment/index.js';

/** How large the networks of a fit are. One size costs three to five times as much as the one before it. */
export interface FitSize {
  readonly name: string;
  /** Training images below which so large a network only learns them by heart. */
  readonly fromImages: number;
  /** Nodes of a cell, in all networks of cells. */
  readonly nodes: number;
  readonly search: Values;
  readonly network: Values;
  /** Weight of the auxiliary head: in small networks it would cost more than all the rest. */
  readonly auxiliary: number;
  /** About as many multiply-adds per image as the network of cells. */
  readonly resnet: { readonly what: string; readonly values: Values };
}

/** From the smallest to the largest. */
export const fitSizes: readonly [FitSize, ...FitSize[]] = [
  {
    name: 'tiny',
    fromImages: 0,
    nodes: 2,
    search: { channels: 4, layers: 3, nodes: 2 },
    network: { channels: 8, layers: 5 },
    auxiliary: 0,
    resnet: { what: 'resnet(8)', values: { channels: 8 } },
  },
  {
    name: 'small',
    fromImages: 0,
    nodes: 3,
    search: { channels: 8, layers: 4, nodes: 3 },
    network: { channels: 16, layers: 6 },
    auxiliary: 0,
    resnet: { what: 'resnet(14)', values: { channels: 16 } },
  },
  {
    name: 'medium',
    fromImages: 2_000,
    nodes: 4,
    search: { channels: 8, layers: 5, nodes: 4 },
    network: { channels: 24, layers: 8 },
    auxiliary: 0.4,
    resnet: { what: 'resnet(20)', values: { channels: 24 } },
  },
  {
    name: 'large',
    fromImages: 10_000,
    nodes: 4,
    search: { channels: 16, layers: 8, nodes: 4 },
    network: { channels: 36, layers: 11 },
    auxiliary: 0.4,
    resnet: { what: 'resnet(32)', values: { channels: 32 } },
  },
];

/** Images of a step: fewer where there are few images, so that an epoch has at least ten steps. */
export const batchFor = (trainImages: number): number =>
  Math.max(8, Math.min(64, 2 ** Math.floor(Math.log2(Math.max(1, trainImages / 10)))));
