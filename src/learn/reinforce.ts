import { adam } from '../optim/index.js';
import { grad, inPlace, mul, noGrad, scope, type Tensor, zerosLike } from '../tensor/index.js';
import type { Controller, Decided } from './controller.js';

/** How a controller is taught, with the authors' defaults. */
export interface ReinforceOptions {
  /** What a nat of entropy is worth. */
  readonly entropyWeight?: number;
  /** How much of the baseline stays with each reward. */
  readonly baselineDecay?: number;
  /** Rewards of which the gradients are averaged before the controller moves. */
  readonly aggregate?: number;
}

/** Its state other than its tensors. */
export interface ReinforceMemo {
  readonly baseline: number | null;
  readonly pending: number;
}

/** Moves a controller towards architectures with large rewards. */
export interface Reinforce {
  /** Takes the reward of an architecture into account. */
  reward(decided: Pick<Decided, 'logProbability' | 'entropy'>, options: { reward: number; lr: number }): void;
  /** Sums of gradients and the optimizer's state, by name, of any shape: saved, restored in place. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  save(): ReinforceMemo;
  restore(memo: ReinforceMemo): void;
  dispose(): void;
}

/** −(R − b) log p(a), whose gradient is in the mean −∇E[R], whatever the baseline b (Williams 1992). */
export const reinforceLoss = (logProbability: Tensor, advantage: number): Tensor => mul(logProbability, -advantage);

/**
 * REINFORCE as ENAS has it (Pham et al. 2018): the reward is an accuracy plus `entropyWeight` times the entropy of the
 * decisions, the baseline a moving average of rewards, which begins at the first. Adam without first moment, ε 1e-3,
 * moves the controller by the mean of `aggregate` gradients.
 */
export const reinforce = (
  { parameters }: Controller,
  { entropyWeight = 1e-4, baselineDecay = 0.99, aggregate = 10 }: ReinforceOptions = {},
): Reinforce => {
  const members = Object.entries(parameters).map(([name, value]) => ({
    name,
    value,
    sum: zerosLike(value),
    optimizer: adam(value, { betas: [0, 0.999], eps: 1e-3 }),
  }));
  let baseline: number | undefined;
  let pending = 0;
  const tensors = Object.fromEntries(
    members.flatMap(({ name, sum, optimizer }): [string, Tensor][] => [
      [`controller-gradient/${name}`, sum],
      ...Object.entries(optimizer.state).map(([part, t]): [string, Tensor] => [
        `controller-optimizer/${name}.${part}`,
        t,
      ]),
    ]),
  );
  return {
    reward: ({ logProbability, entropy }, { reward, lr }) =>
      scope(() => {
        const worth = reward + entropyWeight * entropy;
        baseline = baseline === undefined ? worth : baselineDecay * baseline + (1 - baselineDecay) * worth;
        const loss = reinforceLoss(logProbability, worth - baseline);
        const values = members.map(({ value }) => value);
        const gradients = grad(loss, values, { unused: 'zeros' });
        pending++;
        noGrad(() => {
          for (const [i, { sum, optimizer }] of members.entries()) {
            const gradient = gradients[i];
            if (gradient !== undefined) inPlace.add(sum, gradient);
            if (pending < aggregate) continue;
            optimizer.step(mul(sum, 1 / aggregate), { lr });
            inPlace.zero(sum);
          }
        });
        pending %= aggregate;
      }),
    tensors,
    save: () => ({ baseline: baseline ?? null, pending }),
    restore: (memo) => {
      baseline = memo.baseline ?? undefined;
      ({ pending } = memo);
    },
    dispose: () => {
      for (const t of Object.values(tensors)) t.dispose();
    },
  };
};
