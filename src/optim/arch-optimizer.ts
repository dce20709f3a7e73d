import type { Schedule } from '../schedule/index.js';
import { scope, type Tensor } from '../tensor/index.js';
import type { Optimizer } from './optimizer.js';

interface Group {
  readonly component: string;
  readonly value: Tensor;
}

/**
 * Moves the architecture parameters, each component with a learning rate of its own (the paper's ArchOptimizer): heterogeneous
 * learning-rate scheduling is nothing but these rates. A group whose rate is 0 is left as it is, decay and moments included.
 */
export const archOptimizer = (
  groups: readonly Group[],
  { rates, make }: { rates: (component: string) => Schedule; make: (value: Tensor) => Optimizer },
) => {
  const members = groups.map((group) => ({ ...group, optimizer: make(group.value) }));
  const schedulesOf = (by: (component: string) => Schedule) => members.map(({ component }) => by(component));
  let schedules = schedulesOf(rates);
  const state: Readonly<Record<string, Tensor>> = Object.fromEntries(
    members.flatMap(({ optimizer }, i) => Object.entries(optimizer.state).map(([name, t]) => [`${i}.${name}`, t])),
  );
  return {
    /** One update; `gradients` in the order of the groups, undefined for one that is to stay; t is progress in [0, 1). Call it under noGrad. */
    step: (gradients: readonly (Tensor | undefined)[], { t }: { t: number }): void =>
      scope(() => {
        for (const [i, { optimizer }] of members.entries()) {
          const gradient = gradients[i];
          const lr = schedules[i]?.(t) ?? 0;
          if (gradient !== undefined && lr !== 0) optimizer.step(gradient, { lr });
        }
      }),
    /** Takes other schedules from now on, those of a further phase; what the optimizers remember stays. */
    reschedule: (by: (component: string) => Schedule): void => {
      schedules = schedulesOf(by);
    },
    /** The learning rate of every component at progress t. */
    rates: (t: number): Record<string, number> =>
      Object.fromEntries(members.map(({ component }, i) => [component, schedules[i]?.(t) ?? 0])),
    /** Tensors to save and to restore in place, named `<group number>.<name>`. */
    state,
  };
};
