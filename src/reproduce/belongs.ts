import { isDeepStrictEqual } from 'node:util';
import { USUAL_TEST_SHARE } from '../data/index.js';
import { describe, type Plan, respelled } from '../experiment/index.js';
import type { RunInfo } from '../run/index.js';
import { type DataRequest, recordedRequest } from '../session/index.js';
import { flagsOf } from './flags.js';

/** What a run has to have been started with. */
export interface Asked {
  readonly plan: Plan;
  readonly seed: number;
  readonly data: DataRequest;
  /** The scale, and the sizes beside it: as a search records them. */
  readonly overrides: Readonly<Record<string, unknown>>;
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value).filter(([, v]) => v !== undefined) : [];

/** Only what differs of two records, each as flags; a flag that one of them lacks is named so. */
const unlike = (was: unknown, now: unknown): { was: string[]; now: string[] } => {
  const [a, b] = [new Map(entriesOf(was)), new Map(entriesOf(now))];
  const keys = [...new Set([...a.keys(), ...b.keys()])].filter((key) => !isDeepStrictEqual(a.get(key), b.get(key)));
  const texts = (of: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): string[] =>
    keys.map((key) =>
      of.has(key) ? flagsOf({ [key]: of.get(key) }).join(' ') : `without ${flagsOf({ [key]: other.get(key) })[0]}`,
    );
  return { was: texts(a, b), now: texts(b, a) };
};

/**
 * Makes sure that a run found where another is looked for is that one, so that no table mixes what was made
 * differently. Throws an Error that names every difference and the ways out.
 */
export const requireAsked = (info: RunInfo, { path, asked }: { path: string; asked: Asked }): void => {
  const { plan, seed, data, overrides } = asked;
  const fail = (was: string, { now, remedy }: { now: string; remedy: string }): never => {
    throw new Error(
      `Cannot use ${path}: it must be made as asked now (${now}), it was made otherwise (${was}); ${remedy}`,
    );
  };
  const anotherOut = 'give another --out, or move that folder away';
  const { name } = plan.experiment;
  if (info.name !== name) fail(`recipe ${info.name}`, { now: `recipe ${name}`, remedy: anotherOut });
  if (info.seed !== seed) fail(`seed ${info.seed}`, { now: `seed ${seed}`, remedy: anotherOut });
  // Options that a run of an older version did not have yet are as they were by default.
  const usual = plan.experiment.with({}).values;
  const options = unlike({ ...usual, ...respelled(plan.experiment, info.experiment.options) }, plan.values);
  const flags = unlike(info.overrides, overrides);
  const sameSize = options.was.length === 0 && info.overrides['scale'] === overrides['scale'];
  // Report differing flags; where the flags agree and this version resolves them differently, the options.
  const size = sameSize ? [] : [flags.was.length > 0 ? flags : options];
  // A folder without test images records the share that is usual, which a request may leave to it.
  const was = entriesOf(info.data['request']);
  const usualShare = was.some(([key, value]) => key === 'testShare' && value === USUAL_TEST_SHARE);
  const own = recordedRequest(data, usualShare && data.testShare === undefined ? { testShare: USUAL_TEST_SHARE } : {});
  const found = [...size, unlike(info.data['request'], own)];
  if (found.some(({ was }) => was.length > 0))
    fail(found.flatMap(({ was }) => was).join(', '), {
      now: found.flatMap(({ now }) => now).join(', '),
      remedy: 'give another --out, or the flags that it was made with',
    });
  const made = describe(plan);
  for (const key of ['method', 'phases', 'network'] as const) {
    const [was, now] = [JSON.stringify(info.experiment[key]), JSON.stringify(made[key])];
    if (isDeepStrictEqual(JSON.parse(was), JSON.parse(now))) continue;
    if (key === 'network') fail('another network', { now: 'the cells that it has now', remedy: anotherOut });
    fail(`${key} ${was}`, { now: `${key} ${now}`, remedy: anotherOut });
  }
};
