import type { Sampling } from '../data/index.js';
import { BACKBONE, type BnScope, bilateralNetwork } from '../net/index.js';
import { type Schedule, softFreeze } from '../schedule/index.js';
import { add, mul, type Tensor } from '../tensor/index.js';
import type { SearchMethod } from './method.js';

/** The switches of a bilateral search; what the paper leaves open has the value that docs/details.md gives reasons for. */
export interface BilateralOptions {
  /** m(t), how much of the instance branch is in logits and loss; in [0, 1]. */
  readonly mixing: Schedule;
  /** m when the network is tested: 0 is the class head alone, which the paper finds best. */
  readonly testMixing?: number;
  /** How the second branch's batches are drawn. */
  readonly sampling?: Sampling;
  readonly bnScope?: BnScope;
  /** A factor on the mixed logits; the code of BBN has 2. */
  readonly logitScale?: number;
  readonly archLr?: Readonly<Record<string, Schedule>>;
}

const checkMixing = (m: number, where: string): number => {
  if (m >= 0 && m <= 1) return m;
  throw new RangeError(`Cannot mix branches: the mixing ratio must be in [0, 1], got ${m} ${where}`);
};

const PROBES = 101;

/**
 * DARTS joined with a bilateral-branch network (paper, section III): an instance and a class batch, mixed logits z = m z_I + (1 − m) z_C and the
 * loss mixed alike, m CE(z, y_I) + (1 − m) CE(z, y_C) (eq 10). Throws a RangeError when the mixing leaves [0, 1] anywhere in training.
 */
export const bilateral = ({
  mixing,
  testMixing = 0,
  sampling = 'class',
  bnScope = 'joint',
  logitScale = 1,
  archLr = {},
}: BilateralOptions): SearchMethod => {
  checkMixing(testMixing, 'for the test');
  for (let i = 0; i < PROBES; i++)
    checkMixing(mixing(i / PROBES), `at t = ${(i / PROBES).toFixed(2)} from ${mixing.label}`);
  const mix = ([ours, theirs]: readonly [Tensor, Tensor], m: number): Tensor =>
    add(mul(ours, logitScale * m), mul(theirs, logitScale * (1 - m)));
  return {
    label: `DARTS + BBN, ${mixing.label}`,
    streams: ['instance', sampling],
    mixing,
    archLr,
    build: (shape, { relax }) => {
      const net = bilateralNetwork(shape, { relax, bnScope });
      return {
        ...net,
        forward: ([instance, klass], { criterion, t }) => {
          if (instance === undefined || klass === undefined)
            throw new Error('Cannot run step: a bilateral method needs an instance batch and a class batch');
          const m = checkMixing(mixing(t), `at t = ${t}`);
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
        logits: (images) => mix(net.heads(images), testMixing),
      };
    },
  };
};

/** The paper's contribution, whole: the bilateral search whose backbone freezes its architecture softly, by the mixing itself (eq 17). */
export const heterogeneous = (
  mixing: Schedule,
  options: Omit<BilateralOptions, 'mixing' | 'archLr'> = {},
): SearchMethod => ({
  ...bilateral({ mixing, archLr: { [BACKBONE]: softFreeze(mixing) }, ...options }),
  label: `HLS, ${mixing.label}`,
});
