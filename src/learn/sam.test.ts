import { describe, expect, it } from 'vitest';
import { crossEntropyLoss } from '../loss/index.js';
import { derivedNetwork } from '../net/index.js';
import { namedGenotype } from '../space/index.js';
import { liveTensors, randn, rng, scope, tensor } from '../tensor/index.js';
import { plainObjective } from './objective.js';
import { supervised } from './supervised.js';

/** One step of a network of cells whose paths are dropped: what it leaves. */
const stepWith = (sam: number | undefined) =>
  scope(() => {
    rng.seed(3);
    const shape = { channels: 2, layers: 3, nodes: 4, classes: 3, inputChannels: 3, dtype: 'float64' as const };
    const model = derivedNetwork(shape, { genotype: namedGenotype('darts-v2') ?? {} });
    const objective = plainObjective(model, crossEntropyLoss().build([1, 1, 1]));
    const rule = { momentum: 0.9, weightDecay: 0, gradClip: 5, sam };
    const learner = supervised({ ...rule, model, objective, streams: [{ part: 'train', sampling: 'instance' }] });
    const images = randn([4, 3, 8, 8], { dtype: 'float64' });
    const labels = tensor(BigInt64Array.from([0n, 1n, 2n, 0n]));
    const batch = { images, targets: [{ labels, share: 1 }] };
    const knobs = { weightLr: 0.1, dropPath: 0.5 };
    const report = learner.step([batch], { epoch: 0, step: 0, knobs });
    const weights = model.store.flat.toArray();
    const buffers = [...model.store.buffers.values()].map((buffer) => buffer.toArray());
    learner.dispose();
    return { report, weights, buffers, random: [...rng.state()] };
  });

const difference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] ?? Number.NaN))));

describe('sharpness-aware minimisation', () => {
  const plain = stepWith(undefined);

  it('drops the same paths in both of its passes, and leaves random numbers as one pass does', () => {
    const near = stepWith(1e-9);
    expect(difference(near.weights, plain.weights)).toBeLessThan(1e-6);
    expect(near.random).toEqual(plain.random);
  });

  it('moves running statistics by the first pass alone, and reports the loss of it', () => {
    const far = stepWith(0.5);
    expect(difference(far.weights, plain.weights)).toBeGreaterThan(1e-4);
    expect(far.buffers).toEqual(plain.buffers);
    expect(far.report.loss).toBe(plain.report.loss);
  });

  it('is not there at radius 0, and leaks nothing', () => {
    const before = liveTensors();
    expect(stepWith(0)).toEqual(plain);
    expect(liveTensors()).toBe(before);
  });
});
