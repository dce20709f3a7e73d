import { type ClaimResult, measureClaims } from './claims.js';
import { changesOf, changeText, withoutChanges } from './results.js';
import type { LoadedRun } from './runs.js';

/** A claim with something changed. */
export interface ChangedClaim extends ClaimResult {
  /** The verdict is another than that of the recipes as they stand, on the same seeds. Never of one seed, which has no verdict. */
  readonly turned: boolean;
}

/** What the paper's claims become when one thing is changed. */
export interface Sensitivity {
  /** `freeze sqrt`; empty for the recipes as they stand. */
  readonly change: string;
  /** Only claims that the change touches, all of whose recipes have it that can. */
  readonly claims: readonly ChangedClaim[];
}

const changeOf = ({ info }: LoadedRun): string => changeText(changesOf(info)).replace(/^ \(|\)$/g, '');

/** What only a method with two branches has; every method has the rest. */
const BRANCH_SWITCHES: readonly string[] = ['sampling', 'bnScope', 'logitScale'];

/** Whether a run's method has what such changes change. Another mixing is another method, and leaves the others as they are. */
const canHave = ({ info: { recipe } }: LoadedRun, changes: readonly string[]): boolean =>
  changes.some((key) => {
    if (key === 'mixing') return false;
    if (key === 'freeze') return Object.keys(recipe.method.archLr).length > 0;
    return !BRANCH_SWITCHES.includes(key) || recipe.method.mixing !== null;
  });

/**
 * How much hangs on each change of a method: the paper's claims once more, with the changed runs in the place of those of the same recipe. First the
 * recipes as they stand. Empty where nothing was changed, or nothing is left as it stands. Runs must be comparable.
 */
export const sensitivityOf = (runs: readonly LoadedRun[]): Sensitivity[] => {
  const plain = runs.filter((run) => changeOf(run) === '');
  const changes = [...new Set(runs.map(changeOf))].filter((change) => change !== '');
  if (plain.length === 0 || changes.length === 0) return [];
  const asTheyStand = measureClaims(plain).map((claim) => ({ ...claim, turned: false }));
  return [
    { change: '', claims: asTheyStand },
    ...changes.map((change) => {
      const changed = runs.filter((run) => changeOf(run) === change);
      const keys = changed.flatMap(({ info }) => Object.keys(changesOf(info)));
      const touched = new Set(changed.map(({ info }) => info.recipe.name));
      const others = plain.filter((run) => !touched.has(run.info.recipe.name) && !canHave(run, keys));
      const seeds = new Set(changed.map(({ info }) => info.seed));
      const reference = measureClaims(plain.filter(({ info }) => seeds.has(info.seed)));
      const claims = measureClaims([...changed.map(withoutChanges), ...others]);
      return {
        change,
        claims: claims
          .filter(({ recipes }) => recipes.some((name) => touched.has(name)))
          .map((claim) => {
            const before = reference.find(({ name }) => name === claim.name);
            const known = claim.seeds.length > 1 && before !== undefined;
            return { ...claim, turned: known && claim.verdict !== before.verdict };
          }),
      };
    }),
  ];
};

/** The claims that any line of a table of sensitivity speaks of, in the paper's order. */
export const claimsIn = (lines: readonly Sensitivity[]): ClaimResult[] =>
  (lines[0]?.claims ?? []).filter(({ name }) =>
    lines.slice(1).some((line) => line.claims.some((c) => c.name === name)),
  );
