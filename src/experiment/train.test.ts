import { describe, expect, it } from 'vitest';
import { namedGenotype } from '../space/index.js';
import { training } from './train.js';

describe('training a network', () => {
  const resnet = training({ name: 'resnet(32)', genotypes: null });
  const cells = training({ name: 'darts-v2', genotypes: { backbone: namedGenotype('darts-v2') ?? {} } });

  it.each([
    [resnet, { auxiliary: 0.4 }, '--auxiliary: only a network of cells'],
    [resnet, { dropPath: 0.2 }, '--drop-path: only a network of cells'],
    [cells, { mixing: 'constant(0.5)' }, '--mixing: only --bilateral mixes two branches'],
    [cells, { bilateral: true }, 'it must have the heads instance and class'],
  ])('refuses an option that would do nothing: $1', (experiment, values, message) => {
    expect(() => experiment.with(values)).toThrow(message);
  });

  it('adds cutout to the augmentation, unless its side is 0', () => {
    expect([16, 0].map((cutout) => cells.with({ cutout }).augment)).toEqual(['default + cutout(16)', 'default']);
  });
});
