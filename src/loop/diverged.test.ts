import { describe, expect, it } from 'vitest';
import { rest, tinyRun } from '../../test/support/tiny.js';
import { DivergedError, plainObjective, supervised } from '../learn/index.js';
import { crossEntropyLoss } from '../loss/index.js';
import { type Model, resnet } from '../net/index.js';
import { constant } from '../schedule/index.js';
import { full, inPlace, noGrad, scope } from '../tensor/index.js';
import type { Phase } from './index.js';

/** A training of a network that the test gets hold of. */
const phaseOf = (built: Model[]): Phase => ({
  name: 'train',
  epochs: 2,
  knobs: { weightLr: constant(0.01) },
  start: (context) => {
    const model = resnet({ ...context, channels: 2 }, { depth: 8 });
    built.push(model);
    const objective = plainObjective(model, crossEntropyLoss().build(context.counts));
    const rule = { momentum: 0.9, weightDecay: 0, gradClip: 5 };
    return supervised({ ...rule, model, objective, streams: [{ part: 'train', sampling: 'instance' }] });
  },
});

const spoil = (of: (model: Model) => Parameters<typeof inPlace.copy>[0] | undefined, [model]: readonly Model[]) =>
  scope(() =>
    noGrad(() => {
      const target = model && of(model);
      if (target !== undefined) inPlace.copy(target, full([1], Number.POSITIVE_INFINITY));
    }),
  );
const weight = ({ store }: Model) => store.parameters.find(({ name }) => name === 'classifier.weight')?.value;
const statistic = ({ store }: Model) => store.buffers.get('stem.1.running_var');

describe('numbers that are no longer finite', () => {
  it.each([
    ['a weight', weight, /Training diverged: classifier\.weight is not finite at epoch 0, step 1\./],
    ['a running statistic', statistic, /Training diverged: stem\.1\.running_var is not finite at epoch 0, step 1\./],
  ])('are never saved: %s', async (_, of, message) => {
    const built: Model[] = [];
    const live = tinyRun([phaseOf(built)]);
    await live[Symbol.asyncIterator]().next();
    expect(live.snapshot().step).toBe(1);
    spoil(of, built);
    expect(() => live.snapshot()).toThrow(DivergedError);
    expect(() => live.snapshot()).toThrow(message);
    live.dispose();
  });

  it('end a run that validates, or is tested', async () => {
    const built: Model[] = [];
    const live = tinyRun([phaseOf(built)], { steps: 1 });
    await live[Symbol.asyncIterator]().next();
    spoil(weight, built);
    await expect(rest(live)).rejects.toThrow(
      /Training diverged: the validation loss \(NaN\) is not finite at epoch 0\. Lower the learning rate/,
    );
    const pass = live.evaluate();
    const all = async () => {
      for (let next = await pass.next(); !next.done; ) next = await pass.next();
    };
    await expect(all()).rejects.toThrow(/the test loss \(NaN\) is not finite/);
    live.dispose();
  });
});
