import { type ClaimResult, measureClaims } from './claims.js';
import { changesOf, changeText, withoutChanges } from './results.js';
import type { LoadedRun } from './runs.js';

/** What the paper's claims become when one thing is changed. */
export interface Sensitivity {
  /** `freeze sqrt`; empty for the recipes as they stand. */
  readonly change: string;
  /** Measured with the changed runs where there are such, and the others as they stand; only claims that the change touches. */
  readonly claims: readonly ClaimResult[];
}

const changeOf = ({ info }: LoadedRun): string => changeText(changesOf(info)).replace(/^ \(|\)$/g, '');

/**
 * How much hangs on each change of a method: the paper's claims once more, with the changed runs in the place of those of the same recipe. First the
 * recipes as they stand. Empty where nothing was changed, or nothing is left as it stands. Runs must be comparable.
 */
export const sensitivityOf = (runs: readonly LoadedRun[]): Sensitivity[] => {
  const plain = runs.filter((run) => changeOf(run) === '');
  const changes = [...new Set(runs.map(changeOf))].filter((change) => change !== '');
  if (plain.length === 0 || changes.length === 0) return [];
  return ['', ...changes].map((change) => {
    const changed = runs.filter((run) => changeOf(run) === change);
    const touched = new Set(changed.map(({ info }) => info.recipe.name));
    const others = plain.filter(({ info }) => !touched.has(info.recipe.name));
    const claims = measureClaims([...changed.map(withoutChanges), ...others]);
    return { change, claims: claims.filter(({ recipes }) => recipes.some((name) => touched.has(name))) };
  });
};

/** The claims that any line of a table of sensitivity speaks of, in the paper's order. */
export const claimsIn = (lines: readonly Sensitivity[]): ClaimResult[] =>
  (lines[0]?.claims ?? []).filter(({ name }) =>
    lines.slice(1).some((line) => line.claims.some((c) => c.name === name)),
  );
