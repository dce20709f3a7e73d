import { scope, type Tensor } from '../tensor/index.js';
import type { Optimizer } from './optimizer.js';

interface Group {
  readonly component: string;
  /** The parameters, of any shape. */
  readonly value: Tensor;
}

/**
 * Moves the architecture parameters, each component with a learning rate of its own (the paper's ArchOptimizer):
 * heterogeneous learning-rate scheduling is nothing but these rates. A group whose rate is 0 is left as it is, decay
 * and moments included.
 */
export const archOptimizer = (groups: readonly Group[], { make }: { make: (value: Tensor) => Optimizer }) => {
  const members = groups.map((group) => ({ ...group, optimizer: make(group.value) }));
  const state: Readonly<Record<string, Tensor>> = Object.fromEntries(
    members.flatMap(({ optimizer }, i) => Object.entries(optimizer.state).map(([name, t]) => [`${i}.${name}`, t])),
  );
  return {
    /** One update; `gradients` in the order of the groups, undefined for one that is to stay. Call it under noGrad. */
    step: (gradients: readonly (Tensor | undefined)[], { rate }: { rate: (component: string) => number }): void =>
      scope(() => {
        for (const [i, { component, optimizer }] of members.entries()) {
          const gradient = gradients[i];
          const lr = rate(component);
          if (gradient !== undefined && lr !== 0) optimizer.step(gradient, { lr });
        }
      }),
    /** Tensors to save and to restore in place, named `<group number>.<name>`. */
    state,
  };
};
