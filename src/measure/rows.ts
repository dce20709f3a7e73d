import { paperRows } from '../paper/index.js';
import { changeText, type RunInfo } from '../run/index.js';
import { setApart } from './networks.js';
import type { LoadedRun } from './runs.js';

/** The runs of one row of a table: seeds of one experiment with the same changes; see also `setApart`. */
export interface Row {
  /** The experiment's name, with what was changed of it: `hls (freeze sqrt)`. */
  readonly name: string;
  readonly label: string;
  /** The same without the changes. */
  readonly experiment: { readonly name: string; readonly label: string };
  readonly runs: readonly LoadedRun[];
}

/** Which row a run belongs to: its experiment, with what was changed of it. */
export const rowName = ({ experiment, changes }: RunInfo): string => experiment.name + changeText(changes);

/** Whether a run searched, and did not only train. */
export const isSearch = ({ experiment: { kind } }: RunInfo): boolean => kind === 'search';

const RESNET = /^resnet\((\d+)\)$/;

/** A training is not called as the search is that found its cells, or as other networks of that name. */
const kindLabel = ({ experiment: { label, kind, network } }: RunInfo): string => {
  if (kind === 'search') return label;
  if (/^random(?![\w-])/.test(label)) return label.replace('random', 'random cells');
  if (network?.search !== undefined) return `cells of ${label}`;
  return RESNET.test(label) ? label.replace(RESNET, 'ResNet-$1') : `${label} (${kind})`;
};

/** The name of a row in tables. */
export const rowLabel = (info: RunInfo): string => kindLabel(info) + changeText(info.changes);

/** The run as if its method were unchanged, to find the row of its experiment. */
export const withoutChanges = (run: LoadedRun): LoadedRun => ({ ...run, info: { ...run.info, changes: {} } });

/** Settings that every method has. Given to all runs alike, they are part of the comparison, as a size is. */
const SETTINGS: readonly string[] = ['order', 'archOptimizer', 'archLr', 'weightLr'];

/**
 * Whether all runs that have an option have the same value of it. Where an older version did not have it, a run of the
 * same name had its default, and one in which it was changed differs from that.
 */
const isCommon = (key: string, runs: readonly LoadedRun[]): boolean => {
  const has = ({ info }: LoadedRun): boolean => Object.hasOwn(info.experiment.options, key);
  const having = runs.filter(has);
  const values = having.map(({ info }) => info.experiment.options[key]);
  const changed = having.filter(({ info }) => Object.hasOwn(info.changes, key));
  const names = new Set(changed.map(({ info }) => info.experiment.name));
  return (
    values.every((value) => value === values[0]) &&
    runs.every((run) => has(run) || !names.has(run.info.experiment.name))
  );
};

/**
 * The runs without the changes of settings that all of them have in common: these do not set them apart. Every option
 * of trainings is such a setting; of searches most are part of the method.
 */
export const withoutCommon = (runs: readonly LoadedRun[]): LoadedRun[] => {
  const trainings = runs.filter(({ info }) => !isSearch(info));
  const alike = (key: string): boolean => runs.every(({ info }) => info.changes[key] === runs[0]?.info.changes[key]);
  return runs.map((run) => {
    const own = isSearch(run.info)
      ? (key: string) => !SETTINGS.includes(key) || !alike(key)
      : (key: string) => trainings.length < 2 || !isCommon(key, trainings);
    const changes = Object.fromEntries(Object.entries(run.info.changes).filter(([key]) => own(key)));
    // Which loss a recipe has is for the reader to see where trainings differ in it.
    const { loss } = run.info.experiment.options;
    const named = isSearch(run.info) || loss === undefined || isCommon('loss', trainings) ? {} : { loss };
    return { ...run, info: { ...run.info, changes: { ...named, ...changes } } };
  });
};

/**
 * Runs by row, in the paper's order, since a shell sorts run folders by name; others after them, in order of first
 * appearance. A changed experiment comes after the unchanged one.
 */
export const byRow = (given: readonly LoadedRun[]): Row[] => {
  const runs = setApart(given);
  const rows = new Map<string, Row>();
  for (const run of runs) {
    const [name, label] = [rowName(run.info), rowLabel(run.info)];
    const { info } = withoutChanges(run);
    const experiment = { name: rowName(info), label: rowLabel(info) };
    rows.set(name, { name, label, experiment, runs: [...(rows.get(name)?.runs ?? []), run] });
  }
  const names = [...paperRows.map(({ name }) => name), ...runs.map(({ info }) => info.experiment.name)];
  const placeOf = ({ experiment, name }: Row): number =>
    2 * names.indexOf(experiment.name) + Number(name !== experiment.name);
  return [...rows.values()].toSorted((a, b) => placeOf(a) - placeOf(b));
};
