import type { Supernet } from '../net/index.js';
import { type Draw, type Genotypes, type Place, pathOf } from '../space/index.js';
import { inPlace, noGrad, rand, scope, tensor } from '../tensor/index.js';

/** Draws from the engine's generator, whose state checkpoints hold. */
export const drawn: Draw = (n) => scope(() => Math.min(n - 1, Math.floor(rand([], { dtype: 'float64' }).item() * n)));

/** The cells of a supernet that a search chooses. */
export const placesOf = ({ alphas, space }: Supernet, { nodes }: { readonly nodes: number }): Place[] =>
  alphas
    .filter(({ part }) => part === 'ops')
    .map(({ component, kind }) => ({ component, kind, plan: space.plan(kind, { nodes }) }));

/**
 * From now on the supernet runs this architecture alone. Its relaxation must be `singlePathRelaxation`. Throws an Error
 * where a cell is missing.
 */
export const takePath = (net: Supernet, { genotypes, places }: { genotypes: Genotypes; places: readonly Place[] }) =>
  scope(() =>
    noGrad(() => {
      for (const { component, kind, plan } of places) {
        const cell = genotypes[component]?.[kind];
        const alpha = net.alphas.find((own) => own.component === component && own.kind === kind);
        if (cell === undefined || alpha === undefined)
          throw new Error(`Cannot take path: there must be a ${kind} cell of ${component}, there is none`);
        inPlace.copy(alpha.value, tensor(pathOf(cell, plan)));
      }
    }),
  );
