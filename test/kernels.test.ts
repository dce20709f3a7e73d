import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BnScope,
  bilateralNetwork,
  derivedBilateralNetwork,
  derivedNetwork,
  freeze,
  type NetShape,
  resnet,
  searchNetwork,
} from '../src/net/index.js';
import { type Genotype, nodeSum, type Reading, readSource } from '../src/space/index.js';
import { channelsLast, type Dtype, grad, ones, randn, rng, scope, square, sum } from '../src/tensor/index.js';
import { cellOf, given } from './support/fixtures.js';
import { outcomesWith } from './support/kernels.js';
import { batchesOf, copyFrom, type Network, netErrors, stir } from './support/kernels-nets.js';
import { refusals } from './support/kernels-refusals.js';
import type { Outcomes } from './support/kernels-worker.js';

const PROPERTIES: Readonly<Record<keyof Outcomes, string>> = {
  'a source': 'all that reads a source, and the sums of it, are what ATen computes in float64, with every gradient',
  'a source behind a norm': 'so is all that reads a reading behind its norm',
  'a source in parts': 'so is all that reads a source in several tensors side by side',
  'large tensors': 'so are tensors of 4 MiB and more, which are written past the caches',
  'a 3×3 convolution': 'so is a 3×3 convolution, by fewer products than its taps have',
  'means of 1000 deviations': 'a mean of 1000 deviations is taken off without losing the deviations',
  'a source, not finite': 'NaN and infinity come out where they do in ATen',
  'a source behind a norm, not finite': 'NaN and infinity come through a norm where they do in ATen',
  'a 3×3 convolution, not finite': 'NaN and infinity come through a 3×3 convolution where they do in ATen',
};

// Without a name the process takes what suits the processor, for few channels narrower registers.
describe.each(['avx512', 'avx2', 'portable', ''])('the kernels for "%s"', (variant) => {
  let outcomes: Awaited<ReturnType<typeof outcomesWith>>;
  beforeAll(async () => {
    outcomes = await outcomesWith(variant);
  }, 120_000);

  for (const name of Object.keys(PROPERTIES) as (keyof Outcomes)[])
    it(PROPERTIES[name], ({ skip }) => {
      if ('lacking' in outcomes) {
        if (/instruction set that this processor does not have/.test(outcomes.lacking) && variant !== 'portable')
          skip(`this processor has no ${variant}`);
        throw new Error(outcomes.lacking);
      }
      const { worst, failure } = outcomes[name];
      expect(failure, failure ?? '').toBeNull();
      expect(Object.keys(worst).length).toBeGreaterThan(1);
    });
});

it('kernels of no known name are refused', async () => {
  expect(await outcomesWith('avx1024')).toEqual({
    lacking: expect.stringContaining('TAILNAS_KERNELS must be avx512, avx2, portable or composite, got avx1024'),
  });
});

describe('fused operations refuse', () => {
  it('to be differentiated twice, which would come out wrong', () => {
    scope(() => {
      const x = channelsLast(randn([2, 4, 5, 6])).requireGrad();
      const [[reading] = []] = readSource([x], [{ reads: { kind: 'avg', stride: 1 } }]);
      const { raw, moments } = given(reading);
      const y = sum(square(nodeSum([{ raw, moments }], { weights: ones([1]), ofBatch: false })));
      expect(() => grad(y, [x], { createGraph: true })).toThrow('are differentiated once');
    });
  });

  it('a reading that was used before, whose gradient would be that of one use', () => {
    scope(() => {
      const [[reading, other] = []] = readSource(
        [channelsLast(randn([2, 4, 5, 6]))],
        [{ reads: { kind: 'self' }, copies: 2 }],
      );
      const use = (r: Reading | undefined) => nodeSum([given(r)], { weights: ones([1]), ofBatch: false });
      use(reading);
      use(other);
      expect(() => use(reading)).toThrow('Cannot use a reading: it must go to one nodeSum or readSource');
    });
  });

  it.each(refusals)('%s: %s', (op, _, run, rule) => {
    scope(() => expect(run).toThrow(`tailnas::${op}: ${rule}`));
  });
});

const CLASSES = 5;
const shapeWith = (rest: Partial<NetShape>): NetShape => ({
  channels: 6,
  layers: 4,
  nodes: 2,
  classes: CLASSES,
  inputChannels: 3,
  ...rest,
});
type Build = (rest: Partial<NetShape>) => Network;
const darts: Build = (rest) => searchNetwork(shapeWith(rest));
const branches =
  (bnScope: BnScope): Build =>
  (rest) =>
    bilateralNetwork(shapeWith(rest), { bnScope });
const cell = (...edges: [op: string, from: number][]) => cellOf(edges, [2, 3]);
/** Every operation once. */
const genotype: Genotype = {
  normal: cell(['sep_conv_3x3', 0], ['dil_conv_5x5', 1], ['max_pool_3x3', 2], ['skip_connect', 0]),
  reduction: cell(['sep_conv_5x5', 0], ['avg_pool_3x3', 1], ['dil_conv_3x3', 0], ['skip_connect', 1]),
};
const derived: Build = (rest) => derivedNetwork(shapeWith(rest), { genotype });
const residual: Build = (rest) => resnet({ ...shapeWith(rest), imageSize: 9 }, { depth: 8 });
const derivedBranches: Build = (rest) =>
  derivedBilateralNetwork(shapeWith(rest), { genotypes: { backbone: genotype, instance: genotype, class: genotype } });

describe('a whole network, fused in float32, is the plain one in float64', () => {
  // A ReLU or a pooling tie within a rounding of its kink falls on one side in float32 and on the other in float64,
  // fused or not, and changes gradients by 1e-3. These seeds have none in these networks: in float64, images changed by
  // 5e-6 change no gradient by more than 4e-5.
  const nets: [name: string, seed: number, build: Build, size: [height: number, width: number], frozen?: string[]][] = [
    ['DARTS search network, 12×12', 4, darts, [12, 12]],
    ['DARTS search network, 11×13', 4, darts, [11, 13]],
    ['bilateral search network, joint statistics', 3, branches('joint'), [12, 12]],
    ['bilateral search network, statistics of each branch, 9×11', 3, branches('perBranch'), [9, 11]],
    ['bilateral search network, its backbone frozen', 3, branches('joint'), [12, 12], ['backbone']],
    ['bilateral search network, its instance head frozen', 3, branches('joint'), [12, 12], ['instance']],
    ['derived network, 12×12', 4, derived, [12, 12]],
    ['derived network, 13×10', 4, derived, [13, 10]],
    ['ResNet, 12×12', 4, residual, [12, 12]],
    ['ResNet, 9×11', 5, residual, [9, 11]],
    ['derived bilateral network, 9×11', 4, derivedBranches, [9, 11]],
  ];

  it.each(nets)('%s', (_, seed, build, [height, width], frozen = []) => {
    rng.seed(seed);
    const ours = build({ fused: true });
    const theirs = build({ fused: false, dtype: 'float64' });
    expect([ours.store.fused, theirs.store.fused]).toEqual([true, false]);
    stir(ours, seed);
    copyFrom(theirs, ours);
    for (const net of [ours, theirs]) freeze(net, frozen);
    const streams = ours.store.components.length > 1 ? 2 : 1;
    const batches = (dtype: Dtype) => batchesOf(seed, { streams, images: 3, height, width, classes: CLASSES, dtype });
    const errors = netErrors([ours, theirs], [batches('float32'), batches('float64')]);
    for (const what of ['logits', 'loss', 'evalLogits', 'buffers']) expect(errors[what], what).toBeLessThan(1e-5);
    for (const what of ['weights', 'alphas']) expect(errors[what], what).toBeLessThan(1e-4);
    for (const net of [ours, theirs]) net.dispose();
  });
});
