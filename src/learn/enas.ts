import { z } from 'zod';
import type { TensorBatch } from '../nn/index.js';
import { noGrad, scope } from '../tensor/index.js';
import { answering } from './answering.js';
import { type Controller, likeliest, samplingBy } from './controller.js';
import { requireFiniteLoss } from './diverged.js';
import type { At, Learner, StreamSpec } from './learner.js';
import { drawn, placesOf, takePath } from './paths.js';
import { type ReinforceOptions, reinforce } from './reinforce.js';
import { type SinglePathOptions, singlePath } from './single-path.js';
import { knob } from './weight-step.js';

/** What ENAS is made of. */
export interface EnasOptions extends Omit<SinglePathOptions, 'propose'> {
  readonly controller: Controller;
  readonly rewards?: ReinforceOptions;
}

const memoShape = z.object({ baseline: z.number().nullable(), pending: z.int() });

/** The tensors by which a checkpoint knows a controller. */
export const controllerTensors = ({ parameters }: Controller) =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`controller/${name}`, value]));

/**
 * ENAS (Pham et al. 2018): in each step the shared weights learn from a training batch, with an architecture that the
 * controller drew. Then the controller is rewarded for another one by its accuracy on a validation batch, with the
 * statistics of that batch. The authors alternate between an epoch of weights and 300 rewards, which is about one
 * reward per step as well. The controller's rate is the knob `controllerLr`.
 */
export const enas = (options: EnasOptions): Learner => {
  const { net, nodes, controller, streams, profiler } = options;
  const places = placesOf(net, { nodes });
  const sample = samplingBy(drawn);
  const teacher = reinforce(controller, options.rewards);
  const weights = singlePath({
    ...options,
    propose: () => scope(() => noGrad(() => controller.decide(sample).genotypes)),
  });

  const teach = (valid: readonly TensorBatch[], at: At): void =>
    scope(() => {
      profiler?.enter('controller');
      const decided = controller.decide(sample);
      takePath(net, { genotypes: decided.genotypes, places });
      const { accuracy: reward, loss } = answering(net, valid, at);
      requireFiniteLoss(loss, 'validation', at);
      teacher.reward(decided, { reward, lr: knob(at.knobs, 'controllerLr') });
    });

  return {
    ...weights,
    step: (batches, at) => {
      const of = (part: StreamSpec['part']) => batches.filter((_, i) => streams[i]?.part === part);
      const report = weights.step(of('train'), at);
      teach(of('valid'), at);
      // What is validated and recorded is what the controller makes most likely.
      takePath(net, { genotypes: scope(() => noGrad(() => controller.decide(likeliest).genotypes)), places });
      return report;
    },
    tensors: { ...weights.tensors, ...controllerTensors(controller), ...teacher.tensors },
    memo: { save: () => ({ ...teacher.save() }), restore: (value) => teacher.restore(memoShape.parse(value)) },
    dispose: () => {
      teacher.dispose();
      controller.dispose();
      weights.dispose();
    },
  };
};
