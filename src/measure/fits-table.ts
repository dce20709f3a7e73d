import { type FitNetwork, fitNetworks } from '../run/index.js';
import { bestOf, type FitResult, fitResults, type LoadedFit, networkWords } from './fit.js';
import { capital, meanAndSd } from './format.js';
import { type Spread, spread } from './results.js';
import { type Table, tableOf } from './table.js';

/** A network of fits that differ in their seed alone. Accuracies in percent. */
export interface FitsRow {
  /** How the fits are called. */
  readonly name: string;
  readonly network: FitNetwork;
  /** Of finished fits. */
  readonly seeds: readonly number[];
  readonly meanPerClass: Spread | null;
  readonly accuracy: Spread | null;
  /** At how many seeds it was the best on the validation images. */
  readonly best: number;
}

/** The networks of fits, over the seeds of each name. A fit that is not at its end counts with what is tested. */
export const fitsRows = (fits: readonly { readonly name: string; readonly fit: LoadedFit }[]): FitsRow[] => {
  const tested = fits.map(({ name, fit }) => ({ name, seed: fit.plan.seed, results: fitResults(fit) }));
  return [...new Set(fits.map(({ name }) => name))].flatMap((name) =>
    fitNetworks.map((network): FitsRow => {
      const own = tested.filter((one) => one.name === name);
      const found = own.flatMap(({ seed, results }) =>
        results.filter((result) => result.name === network).map((result) => ({ seed, result, results })),
      );
      const percents = (of: (result: FitResult) => number): Spread | null =>
        spread(found.map(({ result }) => 100 * of(result)));
      return {
        ...{ name, network },
        seeds: found.map(({ seed }) => seed),
        meanPerClass: percents(({ test }) => test),
        accuracy: percents(({ accuracy }) => accuracy),
        best: found.filter(({ results }) => bestOf(results).name === network).length,
      };
    }),
  );
};

/** The same as a table. */
export const fitsTable = (rows: readonly FitsRow[]): Table =>
  tableOf(rows, [
    ['Fit', ({ name }) => name],
    ['Network', ({ network }) => capital(networkWords[network])],
    ['Seeds', ({ seeds }) => String(seeds.length)],
    ['Mean per class', ({ meanPerClass }) => meanAndSd(meanPerClass)],
    ['All images', ({ accuracy }) => meanAndSd(accuracy)],
    ['Best', ({ best, seeds }) => `${best} of ${seeds.length}`],
  ]);
