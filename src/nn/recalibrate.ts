import { clone, inPlace, noGrad, norm, scope, type Tensor } from '../tensor/index.js';
import type { ParameterStore } from './parameters.js';

const KEPT = 0.9; // of a running statistic in each training pass: batch norm's momentum is 0.1

/**
 * Measures the running statistics of batch norms again, for the current architecture. In a supernet they are otherwise
 * a mean over all architectures that ever ran (SNAS' authors note the same). `pass(i)` makes a training pass on batch
 * i, which moves a statistic `updates(name)` times, once unless said. From zero, a running statistic after n updates is
 * short by 1 − 0.9ⁿ, which is divided out, as Adam does. Batch norms that no pass reaches keep their statistics.
 */
export const recalibrate = (
  { buffers }: Pick<ParameterStore, 'buffers'>,
  {
    passes,
    pass,
    updates = () => 1,
  }: { readonly passes: number; readonly pass: (i: number) => void; readonly updates?: (name: string) => number },
): void =>
  scope(() =>
    noGrad(() => {
      const statistics = [...buffers].filter(([name]) => /(^|\.)running_(mean|var)$/.test(name));
      const before = statistics.map(([name, buffer]): [string, Tensor, Tensor] => [name, buffer, clone(buffer)]);
      for (const [, buffer] of statistics) inPlace.zero(buffer);
      for (let i = 0; i < passes; i++) scope(() => pass(i));
      for (const [name, buffer, old] of before)
        if (norm(buffer).item() === 0) inPlace.copy(buffer, old);
        else inPlace.mul(buffer, 1 / (1 - KEPT ** (passes * updates(name))));
    }),
  );
