import { describe, expect, it } from 'vitest';
import { testing } from '../nn/index.js';
import { dartsPrimitives, edgeCount, type Relaxation, relaxation, selectors } from '../space/index.js';
import { inPlace, mul, noGrad, randn, rng, scope, softmax, tensor } from '../tensor/index.js';
import { cellKind, checkShape, type NetShape, searchNetwork } from './index.js';

const shape: NetShape = { channels: 16, layers: 8, nodes: 4, classes: 10, inputChannels: 3 };

const weightsOf = (s: NetShape): number => {
  const net = searchNetwork(s);
  const { size } = net.store;
  net.dispose();
  return size;
};

/** The number of weights of DARTS' search network, by hand. */
const counted = ({ channels, layers, nodes, classes, inputChannels }: NetShape): number => {
  let total = inputChannels * 3 * channels * 9 + 2 * 3 * channels;
  let [before, last, c] = [3 * channels, 3 * channels, channels];
  for (let i = 0; i < layers; i++) {
    const reduction = i === Math.floor(layers / 3) || i === Math.floor((2 * layers) / 3);
    if (reduction) c *= 2;
    const convolutions = 2 * (9 * c + c * c) + 2 * (25 * c + c * c) + (9 * c + c * c) + (25 * c + c * c);
    const shrinkingSkips = reduction ? 2 * nodes * c * c : 0;
    total += before * c + last * c + edgeCount(nodes) * convolutions + shrinkingSkips;
    [before, last] = [last, nodes * c];
  }
  return total + last * classes + classes;
};

describe('the search network', () => {
  it('has 1,930,618 weights at 16 channels, 8 cells, 10 classes (DARTS)', () => {
    expect(weightsOf(shape)).toBe(1_930_618);
    expect(counted(shape)).toBe(1_930_618);
  });

  it.each([
    { ...shape, channels: 5, layers: 3, nodes: 2, classes: 7, inputChannels: 1 },
    { ...shape, channels: 8, layers: 6, nodes: 3, classes: 100 },
  ])('has as many as the formula says at %o', (s) => expect(weightsOf(s)).toBe(counted(s)));

  it('has an alpha for each kind of cell: 14 edges, 8 operations, small', () => {
    const net = searchNetwork({ ...shape, channels: 2 });
    expect(net.alphas.map(({ component, kind, part, value }) => [component, kind, part, value.shape])).toEqual([
      ['backbone', 'normal', 'ops', [14, 8]],
      ['backbone', 'reduction', 'ops', [14, 8]],
    ]);
    for (const { value } of net.alphas) {
      expect(value.requiresGrad).toBe(true);
      const values = value.toArray();
      const spread = Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
      expect(spread).toBeGreaterThan(5e-4);
      expect(spread).toBeLessThan(2e-3);
    }
    net.dispose();
  });

  it('takes images of odd sizes', () => {
    rng.seed(0);
    const net = searchNetwork({ ...shape, channels: 3, layers: 3, nodes: 2, inputChannels: 1 });
    scope(() => expect(net.answers(randn([2, 1, 9, 7]), testing).map(({ logits }) => logits.shape)).toEqual([[2, 10]]));
    net.dispose();
  });
});

describe('what a supernet has chosen', () => {
  const small: NetShape = { ...shape, channels: 2, layers: 3, nodes: 2 };
  /** Alpha of the normal cell, its rows as the edges: the others are 0. */
  const build = (rows: number[][], relax?: Relaxation) => {
    const net = searchNetwork(small, relax === undefined ? {} : { relaxation: relax });
    const [alpha] = net.alphas;
    scope(() => noGrad(() => alpha && inPlace.copy(alpha.value, tensor(rows))));
    return net;
  };
  const row = (...entries: [op: number, value: number][]): number[] =>
    Array.from({ length: 8 }, (_, op) => entries.find(([at]) => at === op)?.[1] ?? 0);
  // On the second edge of node 1 two strong operations share the softmax. A sharper one leaves them behind the other
  // edges' one.
  const rows = [row(), row(), row([1, 2]), row([4, 3.2], [5, 2.7]), row([6, 1.9])];
  const sharper = relaxation('softmax(0.5)', (alpha) => softmax(mul(alpha, 2)));

  it('is what its relaxation makes of alpha, not a softmax whatever that is', () => {
    const kept = [undefined, sharper].map((relax) => {
      const net = build(rows, relax);
      const { normal } = net.genotypes()['backbone'] ?? {};
      const weights = net.opWeights()['backbone']?.['normal'] ?? [];
      const softmaxed = scope(() =>
        net.alphas[0] === undefined ? [] : softmax(mul(net.alphas[0].value, relax === undefined ? 1 : 2)).toArray(),
      );
      expect(weights.flat()).toEqual(softmaxed);
      expect(weights.map((w) => w.length)).toEqual([8, 8, 8, 8, 8]);
      net.dispose();
      return normal?.nodes[1]?.map(({ op, from }) => `${op} ${from}`);
    });
    expect(kept[0]).toEqual(['sep_conv_3x3 1', 'max_pool_3x3 0']);
    expect(kept[1]).toEqual(['max_pool_3x3 0', 'dil_conv_3x3 2']);
  });

  it('follows the selector', () => {
    const net = searchNetwork(small, { selector: selectors.read('darts(1)') });
    for (const cell of Object.values(net.genotypes()['backbone'] ?? {}))
      expect(cell.nodes.map((edges) => edges.length)).toEqual([1, 1]);
    net.dispose();
  });
});

describe('shapes', () => {
  it('put the reductions at a third and two thirds', () => {
    const reductions = Array.from({ length: 20 }, (_, l) =>
      Array.from({ length: l + 1 }, (_, i) => i).filter((i) => cellKind(i, l + 1) === 'reduction'),
    );
    expect(reductions).toEqual([
      [0],
      [0, 1],
      [1, 2],
      [1, 2],
      [1, 3],
      [2, 4],
      [2, 4],
      [2, 5],
      [3, 6],
      [3, 6],
      [3, 7],
      [4, 8],
      [4, 8],
      [4, 9],
      [5, 10],
      [5, 10],
      [5, 11],
      [6, 12],
      [6, 12],
      [6, 13],
    ]);
  });

  it('are refused when no network can have them', () => {
    for (const name of ['channels', 'layers', 'nodes', 'inputChannels'] as const)
      for (const value of [0, -1, 1.5, Number.NaN])
        expect(() => checkShape({ ...shape, [name]: value })).toThrow(
          `Cannot build network: ${name} must be a whole number >= 1, got ${value}`,
        );
    expect(() => checkShape({ ...shape, classes: 1 })).toThrow('classes must be a whole number >= 2, got 1');
    expect(() => searchNetwork({ ...shape, nodes: 0 })).toThrow('nodes must be');
    expect(dartsPrimitives).toHaveLength(8);
  });
});
