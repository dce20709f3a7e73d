import { createHash } from 'node:crypto';
import { changeText, type RunInfo } from '../run/index.js';
import type { LoadedRun } from './runs.js';

/** What the trainings of one name have in common but the seed: the cells, or the search that found them. */
interface Identity {
  readonly key: string;
  /** What is added to the name where it is not all there is to say. */
  readonly suffix: string;
}

const cellsOf = ({ experiment: { network } }: RunInfo): string | undefined =>
  network === null || network.genotypes === null ? undefined : JSON.stringify(network.genotypes);

const searchOf = ({ info }: LoadedRun) => info.experiment.network?.search;

/**
 * Whether the searches of all these runs have an option. One that an older version did not have is ignored: its default
 * is what that version did, and where it has another value the name of the run says so.
 */
const isKnown = (option: string, runs: readonly LoadedRun[]): boolean =>
  runs.every((run) => {
    const own = searchOf(run)?.options;
    return own === undefined || Object.hasOwn(own, option);
  });

const methodOf = (run: LoadedRun, peers: readonly LoadedRun[]): string | undefined => {
  const search = searchOf(run);
  if (search === undefined) return undefined;
  const options = Object.entries(search.options).filter(([option]) => isKnown(option, peers));
  return JSON.stringify({ ...search, options: Object.fromEntries(options), seed: null });
};

/** Whether each seed's cells are those that the search found at that very seed: then the search is what is compared. */
const ofOwnSeeds = (runs: readonly LoadedRun[]): boolean =>
  runs.every(
    (run) =>
      searchOf(run)?.seed === run.info.seed &&
      runs.every((other) => other.info.seed !== run.info.seed || cellsOf(other.info) === cellsOf(run.info)),
  );

const identityOf = (run: LoadedRun, peers: readonly LoadedRun[]): Identity => {
  const [method, search] = [methodOf(run, peers), searchOf(run)];
  if (method !== undefined && ofOwnSeeds(peers.filter((peer) => methodOf(peer, peers) === method)))
    return { key: method, suffix: '' };
  return { key: cellsOf(run.info) ?? '', suffix: search === undefined ? '' : `, seed ${search.seed}` };
};

/** What sets a network apart from others of its name: options of the search where these differ, else a hash. */
const distinction = (run: LoadedRun, { key, others }: { key: string; others: readonly LoadedRun[] }): string => {
  const options = searchOf(run)?.options ?? {};
  const differing = Object.entries(options).filter(
    ([name, value]) => isKnown(name, others) && others.some((other) => searchOf(other)?.options[name] !== value),
  );
  if (differing.length > 0 && others.every(searchOf)) return changeText(Object.fromEntries(differing));
  return ` [${createHash('sha256').update(key).digest('hex').slice(0, 6)}]`;
};

const renamed = (run: LoadedRun, suffix: string): LoadedRun => {
  const { experiment } = run.info;
  if (suffix === '' || experiment.label.includes(suffix)) return run;
  const [name, label] = [experiment.name + suffix, experiment.label + suffix];
  return { ...run, info: { ...run.info, experiment: { ...experiment, name, label } } };
};

/**
 * The runs with names, each of which has only seeds of one method. Trainings of cells that one search found, each seed
 * at its own, are seeds of that search; those of one network are seeds of that network. Other trainings of the same
 * name are of different networks, and get their own names.
 */
export const setApart = (runs: readonly LoadedRun[]): LoadedRun[] => {
  const identities = new Map<LoadedRun, Identity>();
  const named = (run: LoadedRun): string => run.info.experiment.name + changeText(run.info.changes);
  for (const run of runs) {
    if (cellsOf(run.info) === undefined) continue;
    const peers = runs.filter((other) => cellsOf(other.info) !== undefined && named(other) === named(run));
    identities.set(run, identityOf(run, peers));
  }
  return runs.map((run) => {
    const own = identities.get(run);
    if (own === undefined) return run;
    const others = runs.filter((other) => {
      const its = identities.get(other);
      return its !== undefined && named(other) === named(run) && its.suffix === own.suffix && its.key !== own.key;
    });
    return renamed(run, own.suffix + (others.length === 0 ? '' : distinction(run, { key: own.key, others })));
  });
};
