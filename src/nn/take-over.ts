import { inPlace, noGrad, type Tensor } from '../tensor/index.js';
import type { ParameterStore } from './parameters.js';

/**
 * For a network that continues another: copies the weights and buffers with the same name and shape in both. `except`
 * names components that keep their own weights.
 */
export const takeOver = (
  to: ParameterStore,
  from: ParameterStore,
  { except = [] }: { except?: readonly string[] } = {},
): void => {
  const theirs = new Map<string, Tensor>(from.parameters.map(({ name, value }) => [name, value]));
  const kept = to.parameters.filter(({ component }) => !except.includes(component));
  const pairs: [Tensor, Tensor | undefined][] = [
    ...kept.map(({ name, value }): [Tensor, Tensor | undefined] => [value, theirs.get(name)]),
    ...[...to.buffers].map(([name, buffer]): [Tensor, Tensor | undefined] => [buffer, from.buffers.get(name)]),
  ];
  noGrad(() => {
    for (const [target, source] of pairs)
      if (source?.shape.join() === target.shape.join()) inPlace.copy(target, source);
  });
};
