import { paperClaims } from '../paper/index.js';
import { changeText, type RunInfo } from '../run/index.js';
import { type ClaimResult, measureClaims } from './claims.js';
import { mixes } from './mixing.js';
import { setApart } from './networks.js';
import { byRow, withoutChanges } from './rows.js';
import { type LoadedRun, seedsOf } from './runs.js';
import { type Estimate, estimateOf } from './statistics.js';

/** A claim with something changed. */
export interface ChangedClaim extends ClaimResult {
  /**
   * What the change adds to the measure, at equal seed; null without a change, and for a claim against several: of
   * these the worst is measured, which may be another one without the change.
   */
  readonly shift: Estimate | null;
}

/** The test accuracy of a recipe with something changed, in percent. */
export interface ChangedAccuracy {
  readonly recipe: string;
  readonly label: string;
  readonly estimate: Estimate;
  /** What the change adds to it, in points at equal seed; null without a change, or a seed finished both ways. */
  readonly shift: Estimate | null;
}

/** What the paper's claims become when one thing is changed. */
export interface Sensitivity {
  /** `freeze sqrt`; empty for the unchanged recipes. */
  readonly change: string;
  /** Of finished runs. */
  readonly seeds: readonly number[];
  /** Only claims that the change affects, all of whose recipes have it that can. */
  readonly claims: readonly ChangedClaim[];
  /** In the order of the table of results. */
  readonly accuracies: readonly ChangedAccuracy[];
}

const changeOf = ({ info }: LoadedRun): string => changeText(info.changes).replace(/^ \(|\)$/g, '');

/** What only a method with two branches has; every method has the rest. */
const OF_BRANCHES: readonly string[] = ['sampling', 'bnScope', 'logitScale'];

const scalesArchLr = ({ experiment }: RunInfo): boolean =>
  experiment.phases.some(({ knobs }) =>
    Object.entries(knobs).some(([name, label]) => name.startsWith('archLr.') && label.includes('×')),
  );

/** Whether a run's method has what is changed. Another mixing is another method, and leaves the others as they are. */
const canHave = ({ info }: LoadedRun, changes: readonly string[]): boolean =>
  changes.some((key) => {
    if (key === 'mixing') return false;
    return key === 'freeze' ? scalesArchLr(info) : !OF_BRANCHES.includes(key) || mixes(info);
  });

/** Something measured, one value per seed. */
type Measured = Pick<ClaimResult, 'seeds' | 'values'>;

/** Differences of the seeds that both have. */
const shiftOf = (after: Measured, before: Measured | undefined): Estimate | null => {
  const differences = after.seeds.flatMap((seed, i) => {
    const [now, then] = [after.values[i], before?.values[before.seeds.indexOf(seed)]];
    return now === undefined || then === undefined ? [] : [now - then];
  });
  return differences.length === 0 ? null : estimateOf(differences);
};

const isFinished = ({ evaluation }: LoadedRun): boolean => evaluation !== undefined;

const accuraciesOf = (runs: readonly LoadedRun[]): Measured => {
  const tested = runs.flatMap(({ info: { seed }, evaluation }) => (evaluation ? [{ seed, ...evaluation }] : []));
  return { seeds: tested.map(({ seed }) => seed), values: tested.map(({ accuracy }) => 100 * accuracy) };
};

const changedAccuracies = (runs: readonly LoadedRun[], plain: readonly LoadedRun[]): ChangedAccuracy[] =>
  byRow(runs.filter(isFinished)).map(({ name, runs: members, experiment }) => {
    const after = accuraciesOf(members);
    const before = accuraciesOf(plain.filter(({ info }) => info.experiment.name === experiment.name));
    const shift = name === experiment.name ? null : shiftOf(after, before);
    return { recipe: experiment.name, label: experiment.label, estimate: estimateOf(after.values), shift };
  });

/**
 * What depends on each change of a method: the paper's claims measured again, with changed runs in place of those of
 * the same recipe. First the unchanged recipes; a change of which nothing can be said is left out. Empty where nothing
 * was changed, or no unchanged run is finished. Runs must be comparable.
 */
export const sensitivityOf = (given: readonly LoadedRun[]): Sensitivity[] => {
  const runs = setApart(given);
  const plain = runs.filter((run) => changeOf(run) === '');
  const changes = [...new Set(runs.map(changeOf))].filter((change) => change !== '');
  const done = plain.filter(isFinished);
  if (changes.length === 0 || done.length === 0) return [];
  const unchanged = measureClaims(plain).map((claim) => ({ ...claim, shift: null }));
  const lines = changes
    .map((change) => {
      const changed = runs.filter((run) => changeOf(run) === change);
      const keys = changed.flatMap(({ info }) => Object.keys(info.changes));
      const affected = new Set(changed.map(({ info }) => info.experiment.name));
      const others = plain.filter((run) => !affected.has(run.info.experiment.name) && !canHave(run, keys));
      const claims = measureClaims([...changed.map(withoutChanges), ...others]);
      return {
        change,
        seeds: seedsOf(changed.filter(isFinished)),
        claims: claims
          .filter(({ recipes }) => recipes.some((name) => affected.has(name)))
          .map((claim) => {
            const before = unchanged.find(({ name }) => name === claim.name);
            return { ...claim, shift: claim.contrasts > 1 ? null : shiftOf(claim, before) };
          }),
        accuracies: changedAccuracies(changed, plain),
      };
    })
    // A line of dashes has no information.
    .filter(({ claims, accuracies }) => claims.length > 0 || accuracies.some(({ shift }) => shift !== null));
  if (lines.length === 0) return [];
  return [
    { change: '', seeds: seedsOf(done), claims: unchanged, accuracies: changedAccuracies(plain, plain) },
    ...lines,
  ];
};

/** The claims that any line with a change speaks of, in the paper's order. */
export const claimsIn = (lines: readonly Sensitivity[]): ClaimResult[] => {
  const found = lines.slice(1).flatMap(({ claims }) => claims);
  return paperClaims.flatMap(({ name }) => found.find((claim) => claim.name === name) ?? []);
};

/** The accuracies that any line with a change speaks of: those that are in the first line in its order, then others. */
export const accuraciesIn = (lines: readonly Sensitivity[]): ChangedAccuracy[] => {
  const found = lines.slice(1).flatMap(({ accuracies }) => accuracies);
  const all = [...(lines[0]?.accuracies ?? []), ...found];
  return all.filter(
    ({ recipe }, i) => found.some((a) => a.recipe === recipe) && all.findIndex((a) => a.recipe === recipe) === i,
  );
};
