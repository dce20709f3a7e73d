import type { Sampling } from '../data/index.js';
import { BACKBONE, type BnScope, bilateralNetwork } from '../net/index.js';
import { type FreezeForm, requireMixing, type Schedule, softFreeze } from '../schedule/index.js';
import { add, mul, type Tensor } from '../tensor/index.js';
import type { SearchMethod, Switches } from './method.js';

/** The switches of a bilateral search, and by component a factor on the architecture learning rate. */
export interface BilateralOptions extends Omit<Switches, 'freeze'> {
  readonly mixing: Schedule;
  readonly sampling?: Sampling;
  readonly bnScope?: BnScope;
  readonly archLr?: Readonly<Record<string, Schedule>>;
}

/**
 * DARTS joined with a bilateral-branch network (paper, section III): an instance and a class batch, mixed logits z = m z_I + (1 − m) z_C and the
 * loss mixed alike, m CE(z, y_I) + (1 − m) CE(z, y_C) (eq 10). Throws a RangeError when the mixing leaves [0, 1] anywhere in training.
 */
export const bilateral = (options: BilateralOptions): SearchMethod => {
  const { mixing, sampling = 'class', bnScope = 'joint', logitScale = 1, archLr = {} } = options;
  requireMixing(mixing);
  if (!(logitScale > 0 && Number.isFinite(logitScale)))
    throw new RangeError(`Cannot mix branches: logitScale must be a number > 0, got ${logitScale}`);
  const mix = ([ours, theirs]: readonly [Tensor, Tensor], m: number): Tensor =>
    add(mul(ours, logitScale * m), mul(theirs, logitScale * (1 - m)));
  return {
    label: `DARTS + BBN, ${mixing.label}`,
    streams: ['instance', sampling],
    mixing,
    archLr,
    vary: ({ freeze, ...switches }) => {
      if (freeze !== undefined)
        throw new RangeError(`Cannot vary DARTS + BBN: it has no soft freeze to be ${freeze}; take the recipe hls`);
      return bilateral({ ...options, ...switches });
    },
    build: (shape, { relax }) => {
      const net = bilateralNetwork(shape, { relax, bnScope });
      return {
        ...net,
        forward: ([instance, klass], { criterion, mixing: m }) => {
          if (instance === undefined || klass === undefined || m === null)
            throw new Error('Cannot run step: a bilateral method needs an instance batch, a class batch and a mixing');
          const logits = mix(net.branches(instance.images, klass.images), m);
          const loss = add(mul(criterion(logits, instance.labels), m), mul(criterion(logits, klass.labels), 1 - m));
          return {
            loss,
            logits,
            targets: [
              { labels: instance.labels, share: m },
              { labels: klass.labels, share: 1 - m },
            ],
          };
        },
        logits: (images) => mul(net.heads(images)[1], logitScale),
        mixed: (images, mixings) => {
          const heads = net.heads(images);
          return mixings.map((m) => mix(heads, m));
        },
      };
    },
  };
};

/** The paper's contribution, whole: the bilateral search whose backbone freezes its architecture softly, by the mixing itself (eq 17). */
export const heterogeneous = (
  mixing: Schedule,
  { freeze, ...options }: Omit<Switches, 'mixing'> & { readonly freeze?: FreezeForm } = {},
): SearchMethod => ({
  ...bilateral({
    mixing,
    archLr: { [BACKBONE]: softFreeze(mixing, freeze === undefined ? {} : { form: freeze }) },
    ...options,
  }),
  label: `HLS, ${mixing.label}`,
  vary: ({ mixing: other = mixing, ...switches }) =>
    heterogeneous(other, { ...options, ...(freeze === undefined ? {} : { freeze }), ...switches }),
});
