import { describe, expect, it } from 'vitest';
import { fakeFit } from '../../test/support/own-data.js';
import type { LoadedFit } from './fit.js';
import { fitResults } from './fit.js';
import { fitsRows, fitsTable } from './fits-table.js';

const at = (seed: number): LoadedFit => {
  const fit = fakeFit();
  return { ...fit, plan: { ...fit.plan, seed } };
};
/** A fit of which only the search is done. */
const begun = (seed: number): LoadedFit => {
  const { parts, ...rest } = at(seed);
  return { ...rest, parts: parts.search === undefined ? {} : { search: parts.search } };
};

describe('fits at several seeds', () => {
  const results = fitResults(at(1));
  const rows = fitsRows([
    { name: 'darts', fit: at(1) },
    { name: 'darts', fit: at(2) },
    { name: 'hls', fit: begun(1) },
  ]);

  it('have a line for each network, with mean and spread over the seeds that are tested', () => {
    expect(rows.map(({ name, network, seeds }) => [name, network, seeds])).toEqual([
      ...['network', 'random', 'resnet'].map((network) => ['darts', network, [1, 2]]),
      ...['network', 'random', 'resnet'].map((network) => ['hls', network, []]),
    ]);
    for (const [i, { test, accuracy }] of results.entries()) {
      expect(rows[i]?.meanPerClass).toEqual({ mean: expect.closeTo(100 * test), sd: expect.closeTo(0) });
      expect(rows[i]?.accuracy?.mean).toBeCloseTo(100 * accuracy);
    }
    expect(rows[3]?.meanPerClass).toBeNull();
  });

  it('say at how many seeds each network was the best', () => {
    expect(
      rows
        .slice(0, 3)
        .map(({ best }) => best)
        .toSorted(),
    ).toEqual([0, 0, 2]);
    const table = fitsTable(rows);
    expect(table.headings).toEqual(['Fit', 'Network', 'Seeds', 'Mean per class', 'All images', 'Best']);
    expect(table.rows[3]).toEqual(['hls', 'The network found', '0', '–', '–', '0 of 0']);
  });
});
