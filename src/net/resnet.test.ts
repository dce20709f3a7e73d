import { describe, expect, it } from 'vitest';
import { testing } from '../nn/index.js';
import { randn, rng, scope } from '../tensor/index.js';
import { countMacs, models, resnet } from './index.js';

describe('the residual network', () => {
  // python bench/pytorch/resnet.py
  it.each([
    [16, 10, 464_154, 68.86],
    [16, 100, 470_004, undefined],
    [64, 10, 7_386_186, 1_096.49],
    [64, 100, 7_409_316, undefined],
  ])('of depth 32, %i channels and %i classes has %i weights', (channels, classes, weights, macs) => {
    const net = resnet({ channels, classes, inputChannels: 3 });
    expect(net.store.size).toBe(weights);
    if (macs !== undefined) expect(countMacs(net, { inputChannels: 3, imageSize: 32 }) / 1e6).toBeCloseTo(macs, 2);
    net.dispose();
  });

  it('starts convolutions and classifier with variance 2 / fan-in (He)', () => {
    rng.seed(1);
    const net = resnet({ channels: 16, classes: 100, inputChannels: 3 }, { depth: 8 });
    for (const { name, shape, value } of net.store.parameters) {
      if (shape.length === 1) continue;
      const values = scope(() => value.toArray());
      const variance = values.reduce((sum, v) => sum + v * v, 0) / values.length;
      const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
      expect((variance * fanIn) / 2, name).toBeGreaterThan(0.7);
      expect((variance * fanIn) / 2, name).toBeLessThan(1.35);
    }
    net.dispose();
  });

  it('refuses a batch of one value per channel, whose deviation is 0, fused and plain', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const net = resnet({ channels: 4, classes: 3, inputChannels: 3, dtype }, { depth: 8 });
      const images = randn([1, 3, 4, 4], { dtype }); // 1×1 in the last stage
      expect(() => scope(() => net.answers(images, { training: true, knobs: {} }))).toThrow(
        'it must have more than 1 value per channel, got [1,',
      );
      net.dispose();
    }
  });

  it('is read by its spelling', () => {
    const shape = { channels: 2, layers: 1, nodes: 1, classes: 3, inputChannels: 1 };
    for (const [label, blocks] of [
      ['resnet', 15],
      ['resnet(8)', 3],
      ['resnet(20)', 9],
    ] as const) {
      const net = models.read(label)(shape);
      expect(net.store.parameters.filter(({ name }) => /^stages\.\d\.\d\.0\.weight$/.test(name))).toHaveLength(blocks);
      scope(() => expect(net.answers(randn([2, 1, 9, 9]), testing)[0]?.logits.shape).toEqual([2, 3]));
      net.dispose();
    }
    expect(() => models.read('resnet(33)')).toThrow('its depth must be 6n + 2, such as 20, 32 or 56, got 33');
    expect(() => models.read('resnet(cosine)')).toThrow('it must be written resnet or resnet(depth)');
    expect(() => resnet({ ...shape, imageSize: 2 })).toThrow('imageSize must be >= 4 to be halved 2 times, got 2');
  });
});
