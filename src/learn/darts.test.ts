import { describe, expect, it } from 'vitest';
import { crossEntropyLoss } from '../loss/index.js';
import { BACKBONE, bilateralNetwork, searchNetwork } from '../net/index.js';
import type { TensorBatch } from '../nn/index.js';
import { full, inPlace, narrow, noGrad, randn, rng, scope, tensor } from '../tensor/index.js';
import { type DartsOptions, darts } from './darts.js';
import { DivergedError, requireFiniteGradients } from './diverged.js';
import { bilateralObjective, plainObjective } from './objective.js';

const shape = { channels: 4, layers: 2, nodes: 2, classes: 3, inputChannels: 3 };
const settings = {
  order: 1,
  momentum: 0.9,
  weightDecay: 3e-4,
  gradClip: 5,
  archOptimizer: 'adam',
  archWeightDecay: 0,
} as const;
const criterion = crossEntropyLoss().build([]);
const bothParts = (count: number): DartsOptions['streams'] =>
  (['train', 'valid'] as const).flatMap((part) =>
    Array.from({ length: count }, () => ({ part, sampling: 'instance' })),
  );
const batchOf = (): TensorBatch => ({
  images: randn([4, 3, 8, 8]),
  targets: [{ labels: tensor([0, 1, 2, 0], { dtype: 'int64' }), share: 1 }],
});

describe('a component whose architecture rate is 0', () => {
  /** One step of a bilateral network, the backbone's alpha at a rate, and what it left. */
  const stepAt = (rate: number) =>
    scope(() => {
      rng.seed(1);
      const net = bilateralNetwork(shape);
      const objective = bilateralObjective(net, criterion);
      const learner = darts({ ...settings, net, objective, streams: bothParts(2) });
      const batch = batchOf();
      const before = net.alphas.map(({ value }) => value.toArray());
      const rates = { [`archLr.${BACKBONE}`]: rate, 'archLr.instance': 0.1, 'archLr.class': 0.1 };
      const { gradNorm } = learner.step([batch, batch, batch, batch], {
        epoch: 0,
        step: 0,
        knobs: { weightLr: 0.1, mixing: 0, ...rates },
      });
      const moved = net.alphas.filter(({ value }, i) => String(value.toArray()) !== String(before[i]));
      const bits = [net.store.flat, ...net.store.buffers.values()].map((x) => String(x.toArray()));
      learner.dispose();
      return { gradNorm, moved: moved.map(({ component }) => component), bits };
    });

  it('has no gradient computed, and all else goes as with the smallest rate', () => {
    const [none, tiny] = [stepAt(0), stepAt(1e-30)];
    expect(Object.keys(none.gradNorm['alpha'] ?? {})).not.toContain(BACKBONE);
    expect(Object.keys(tiny.gradNorm['alpha'] ?? {})).toContain(BACKBONE);
    expect(none.moved).not.toContain(BACKBONE);
    expect(none.moved).toContain('class');
    expect(none.bits).toEqual(tiny.bits);
  });
});

describe('a step that diverges', () => {
  const where = { epoch: 3, step: 12 };

  it.each([1, 2] as const)('names the loss, epoch and step, and moves nothing (order %d)', (order) => {
    scope(() => {
      const net = searchNetwork(shape);
      const objective = plainObjective(net, criterion);
      const learner = darts({ ...settings, order, net, objective, streams: bothParts(1) });
      noGrad(() => inPlace.copy(narrow(net.store.flat, 0, 5, 1), full([1], Number.NaN)));
      const batch = batchOf();
      const [weights, alphas] = [net.store.flat.toArray(), net.alphas.map(({ value }) => value.toArray())];
      const knobs = { weightLr: 0.1, [`archLr.${BACKBONE}`]: 1 };
      const run = () => learner.step([batch, batch], { ...where, knobs });
      expect(run).toThrow(DivergedError);
      expect(run).toThrow(/Training diverged: the validation loss \(NaN\) is not finite at epoch 3, step 12\. /);
      expect(net.store.flat.toArray()).toEqual(weights);
      expect(net.alphas.map(({ value }) => value.toArray())).toEqual(alphas);
      learner.dispose();
    });
  });

  it('names the first parameter whose gradient is not finite', () => {
    scope(() => {
      const gradients = [
        { name: 'stem', gradient: tensor([1]) },
        { name: 'cells.0', gradient: tensor([1, Number.POSITIVE_INFINITY]) },
        { name: 'cells.1', gradient: tensor([Number.NaN]) },
      ];
      const check = () => requireFiniteGradients(Number.POSITIVE_INFINITY, gradients, where);
      expect(check).toThrow('the gradient of cells.0 is not finite at epoch 3, step 12');
      expect(() => requireFiniteGradients(1, gradients, where)).not.toThrow();
    });
  });
});

describe('a step without a schedule that it needs', () => {
  it('names the schedule', () => {
    scope(() => {
      const net = searchNetwork(shape);
      const learner = darts({
        ...settings,
        net,
        objective: plainObjective(net, criterion),
        streams: bothParts(1),
      });
      const step = (knobs: Record<string, number>) =>
        learner.step([batchOf(), batchOf()], { ...{ epoch: 0, step: 0 }, knobs });
      expect(() => step({ weightLr: 0.1 })).toThrow('its phase must have a schedule archLr.backbone, it has none');
      expect(() => step({ 'archLr.backbone': 0.1 })).toThrow('its phase must have a schedule weightLr, it has none');
      learner.dispose();
    });
  });
});
