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
    [cells, { mixRate: 'between(0.1, 0.9)' }, '--mix-rate: only mixup, remix, cutmix and cmo mix images, --augment is'],
    [cells, { bilateral: true }, 'it must have the heads instance and class'],
  ])('refuses an option that would do nothing: $1', (experiment, values, message) => {
    expect(() => experiment.with(values)).toThrow(message);
  });

  it('adds cutout to the augmentation, unless its side is 0', () => {
    expect([16, 0].map((cutout) => cells.with({ cutout }).augment)).toEqual(['default + cutout(16)', 'default']);
  });

  it('schedules how often images are mixed, and has no such schedule unless asked', () => {
    const augment = 'default + cmo(1, 0.5)';
    const [phase] = resnet.with({ augment, mixRate: 'between(0.02, 0.985)' }).phases;
    // CMO's public code: not in the first and the last epochs of 200, of which the fourth is still one.
    const acts = Array.from({ length: 200 }, (_, epoch) => phase?.knobs['mixRate']?.(epoch / 200) === 1);
    expect([acts.indexOf(true), acts.lastIndexOf(true)]).toEqual([4, 196]);
    expect(Object.keys(resnet.with({ augment }).phases[0]?.knobs ?? {})).toEqual(['weightLr']);
    expect(() => resnet.with({ augment, mixRate: 'linear(0, 2)' })).toThrow('the mix rate must be in [0, 1]');
    expect(() => resnet.with({ augment: 'mixup(1) + cmo(1, 0.5)' })).toThrow('only one may mix images');
  });
});
