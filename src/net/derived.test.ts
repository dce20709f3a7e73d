import { describe, expect, it } from 'vitest';
import { type Pass, testing } from '../nn/index.js';
import { type DropMask, type Genotype, namedGenotype } from '../space/index.js';
import { channelsLast, grad, inPlace, mean, noGrad, randn, rng, scope, square, tensor } from '../tensor/index.js';
import { AUXILIARY, CLASSIFIER, countMacs, derivedNetwork, freeze, type NetShape } from './index.js';

const genotypeOf = (name: string): Genotype => namedGenotype(name) ?? {};
const shapeOf = (channels: number, layers: number, classes = 10): NetShape => ({
  channels,
  layers,
  nodes: 4,
  classes,
  inputChannels: 3,
});

describe('the weights and multiply-adds of a derived network', () => {
  // python bench/pytorch/derived.py
  const golden: [name: string, channels: number, layers: number, weights: number, auxiliary: number, macs?: number][] =
    [
      ['darts-v1', 36, 20, 3_169_414, 476_426],
      ['darts-v2', 36, 20, 3_349_342, 476_426, 528.36],
      ['pc-darts', 36, 20, 3_634_678, 476_426],
      ['p-darts', 36, 20, 3_433_798, 476_426],
      ['snas', 36, 20, 2_661_382, 476_426],
      ['gdas', 36, 20, 3_368_782, 476_426],
      ['drnas', 36, 20, 4_099_294, 476_426],
      ['nasnet-a', 36, 20, 3_830_950, 457_994, 603.45],
      ['darts-v2', 16, 20, 710_682, 435_466, 114.57],
      ['darts-v2', 16, 8, 246_106, 435_466, 43.44],
      ['darts-v2', 8, 8, 69_618, 419_082, 12.61],
      ['darts-v2', 4, 3, 2_858, 410_890],
      ['darts-v1', 16, 8, 232_890, 435_466],
      ['darts-v1', 4, 3, 2_798, 410_890],
    ];
  it.each(golden)('%s, %i channels, %i cells: %i, and %i of its auxiliary head', (name, channels, layers, ...rest) => {
    const [weights, ownAuxiliary, macs] = rest;
    const net = derivedNetwork(shapeOf(channels, layers), { genotype: genotypeOf(name), auxiliary: true });
    const [, auxiliary] = net.store.range(AUXILIARY);
    expect([net.store.size - auxiliary, auxiliary]).toEqual([weights, ownAuxiliary]);
    if (macs !== undefined) expect(countMacs(net, { inputChannels: 3, imageSize: 32 }) / 1e6).toBeCloseTo(macs, 2);
    net.dispose();
  });

  it.each([
    ['darts-v1', 3_221_344],
    ['darts-v2', 3_401_272],
    ['pc-darts', 3_686_608],
    ['p-darts', 3_485_728],
  ])('%s for 100 classes: %i', (name, weights) => {
    const net = derivedNetwork(shapeOf(36, 20, 100), { genotype: genotypeOf(name) });
    expect(net.store.size).toBe(weights);
    expect(net.store.components).not.toContain(AUXILIARY);
    net.dispose();
  });
});

describe('a derived network', () => {
  it('is not built of a reduction cell that hands on an input', () => {
    const { reduction, ...rest } = genotypeOf('darts-v2');
    const genotype = { ...rest, reduction: { nodes: reduction?.nodes ?? [], concat: [1, 2, 3] } };
    expect(() => derivedNetwork(shapeOf(4, 3), { genotype })).toThrow(
      'the output of a reduction cell must be made of its nodes, states from 2 to 5, got 1',
    );
  });

  const shape = shapeOf(4, 3, 5);
  const training = (dropPath: number): Pass => ({ training: true, knobs: { dropPath } });
  const images = (size = 16) => channelsLast(randn([6, 3, size, size]));

  it('has a classifier of its own component, which can be trained alone', () => {
    const net = derivedNetwork(shape, { genotype: genotypeOf('darts-v2') });
    expect(net.store.components).toEqual(['backbone', CLASSIFIER]);
    freeze(net, ['backbone']);
    expect(net.store.trainable.map(({ name }) => name)).toEqual(['classifier.weight', 'classifier.bias']);
    scope(() => {
      // Frozen features are those of a test: no batch statistics, no dropped path.
      const x = images();
      const [frozen, tested] = [training(0.5), testing].map((pass) => net.trained(x, pass).logits.toArray());
      expect(frozen).toEqual(tested);
    });
    net.dispose();
  });

  it('has one normal cell more where it is given a head', () => {
    const [genotype, head] = [genotypeOf('darts-v1'), genotypeOf('snas')];
    const [plain, topped] = [undefined, head].map((cell) => derivedNetwork(shape, { genotype, head: cell }));
    const cells = (net = plain) =>
      new Set(net?.store.parameters.map(({ name }) => /^cells\.\d+/.exec(name)?.[0]).filter(Boolean));
    expect([cells(plain).size, cells(topped).size]).toEqual([3, 4]);
    expect(topped?.store.parameters.some(({ name }) => name.startsWith('cells.3.edges.2.skip_connect'))).toBe(false);
    expect(topped?.store.parameters.some(({ name }) => name === 'cells.3.edges.3.dil_conv_3x3.1.weight')).toBe(true);
    scope(() => expect(topped?.answers(images(), testing)[0]?.logits.shape).toEqual([6, 5]));
    plain?.dispose();
    topped?.dispose();
    expect(() =>
      derivedNetwork(shape, { genotype, head: { reduction: genotype.reduction ?? { nodes: [], concat: [] } } }),
    ).toThrow('the genotype of the head has no normal cell');
  });

  it('answers with its auxiliary head in training only, whatever the size of the map', () => {
    for (const size of [7, 16, 28, 32, 64])
      scope(() => {
        const net = derivedNetwork(shape, { genotype: genotypeOf('darts-v2'), auxiliary: true });
        expect(net.trained(images(size), training(0)).auxiliary?.shape).toEqual([6, 5]);
        expect(net.trained(images(size), testing).auxiliary).toBeUndefined();
        net.dispose();
      });
  });

  it('says which kind of cell the genotype lacks, and which sizes cannot be', () => {
    const { normal = { nodes: [], concat: [] } } = genotypeOf('darts-v2');
    expect(() => derivedNetwork(shape, { genotype: { normal } })).toThrow(
      'Cannot build network: the genotype of the backbone has no reduction cell',
    );
    expect(() => derivedNetwork({ ...shape, imageSize: 3 }, { genotype: genotypeOf('snas') })).toThrow(
      'Cannot build network: imageSize must be >= 4 to be halved 2 times, got 3',
    );
  });

  const losses = (mask: DropMask | undefined, { fused, p }: { fused: boolean; p: number }): number[][] =>
    scope(() => {
      rng.seed(8);
      const net = derivedNetwork({ ...shape, fused }, { genotype: genotypeOf('darts-v2'), auxiliary: true, mask });
      const x = images();
      const { logits, auxiliary } = net.trained(x, training(p));
      const loss = mean(square(auxiliary === undefined ? logits : auxiliary));
      const gradients = net.store.gather(grad(loss, net.store.leaves, { unused: 'zeros' }));
      net.dispose();
      return [logits.toArray(), gradients.toArray()];
    });

  /** Masks from a small generator of our own, so that two networks are given the same. */
  const masks = (): DropMask => {
    let state = 1;
    return ({ batch, keep, x }) => {
      const drawn = Array.from({ length: batch }, () => {
        state = (state * 48271) % 2147483647;
        return state / 2147483647 < keep ? 1 : 0;
      });
      return tensor(drawn, { shape: [batch, 1, 1, 1], dtype: x.dtype });
    };
  };

  it('drops the same paths fused and plain', () => {
    const [fused, plain] = [true, false].map((way) => losses(masks(), { fused: way, p: 0.4 }));
    for (const [i, values] of (plain ?? []).entries()) {
      const size = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const error = values.map((v, k) => Math.abs(v - (fused?.[i]?.[k] ?? Number.NaN)) / size);
      expect(error.every((e) => e < 1e-4)).toBe(true);
    }
  });

  it('draws paths from rng, and none where nothing is dropped', () => {
    const [first, again, none, never] = [
      losses(undefined, { fused: true, p: 0.4 }),
      losses(undefined, { fused: true, p: 0.4 }),
      losses(undefined, { fused: true, p: 0 }),
      losses(() => expect.fail('no mask is to be drawn'), { fused: true, p: 0 }),
    ];
    expect(again).toEqual(first);
    expect(none).not.toEqual(first);
    expect(never).toEqual(none);
  });

  it('keeps the mean of what it drops, and refuses to drop everything', () => {
    scope(() => {
      rng.seed(2);
      const mask = tensor(new Float32Array(20_000), { shape: [20_000, 1, 1, 1] });
      noGrad(() => inPlace.bernoulli(mask, 0.7));
      expect(mean(mask).item()).toBeCloseTo(0.7, 1);
    });
    expect(() => losses(undefined, { fused: true, p: 1 })).toThrow('dropPath must be in [0, 1), got 1');
  });
});
