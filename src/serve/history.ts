import { isDeepStrictEqual } from 'node:util';
import { epochSeconds, opWeightsOf } from '../measure/index.js';
import { type EpochRecord, type Genotypes, type RunInfo, rankOrder } from '../run/index.js';
import type { progressOf } from './time-left.js';

/** The numbers of every epoch that curves are drawn of; accuracies are shares, null where nothing was measured. */
export interface Columns {
  readonly epoch: number[];
  readonly trainLoss: (number | null)[];
  readonly validLoss: (number | null)[];
  readonly trainAccuracy: (number | null)[];
  readonly accuracy: (number | null)[];
  readonly perClass: (number | null)[];
  readonly head: (number | null)[];
  readonly middle: (number | null)[];
  readonly tail: (number | null)[];
}

/** Which weights a record has: of each cell, how many operations each edge has. */
export type Layout = readonly {
  readonly component: string;
  readonly kind: string;
  readonly edges: readonly number[];
}[];

/** The operation weights after an epoch, those of all cells end to end, in steps of 1 / 65535. */
export interface Weights {
  /** One for all records that have the same. */
  readonly layout: Layout;
  readonly values: Uint16Array;
}

/** What is kept of the records of a run: little of each, since there may be hundreds of runs. */
export interface History {
  add(record: EpochRecord): void;
  readonly columns: Columns;
  /** Values of the schedules in every epoch, by name. */
  readonly knobs: ReadonlyMap<string, (number | null)[]>;
  readonly times: readonly { readonly phase: string; readonly seconds: number }[];
  readonly weights: readonly Weights[];
  /** The last record, without what is not shown of it. */
  readonly last:
    | (Pick<EpochRecord, 'epoch' | 'phase' | 'perClassAccuracy' | 'operations' | 'candidates'> & {
        readonly genotype: Genotypes | undefined;
      })
    | undefined;
  /** What has ended, as `progressOf` takes it. */
  ended(): Parameters<typeof progressOf>[1];
}

const FULL = 65_535;
/** Spaces have hundreds of weights; a record from a stranger may have any number. */
const MOST_WEIGHTS = 20_000;
const MOST_KNOBS = 40;

const meanOf = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => typeof value === 'number');
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
};

const weightsOf = (record: EpochRecord, before: Layout | undefined): Weights => {
  const components = Object.keys(record.opWeights ?? record.alpha ?? {});
  const cells = components.flatMap((component) =>
    Object.entries(opWeightsOf(record, { component })).map(([kind, rows]) => ({ component, kind, rows })),
  );
  const count = cells.reduce((sum, { rows }) => sum + rows.reduce((of, row) => of + row.length, 0), 0);
  if (count > MOST_WEIGHTS) return { layout: [], values: new Uint16Array(0) };
  const layout = cells.map(({ rows, ...of }) => ({ ...of, edges: rows.map((row) => row.length) }));
  const all = cells.flatMap(({ rows }) => rows.flat());
  return {
    layout: before !== undefined && isDeepStrictEqual(layout, before) ? before : layout,
    values: Uint16Array.from(all, (w) => FULL * Math.min(1, Math.max(0, w))),
  };
};

/** Weights of one cell as shares again, to three digits: [edges][operations]. */
export const sharesOf = ({ layout, values }: Weights, cell: number): number[][] => {
  let at = layout.slice(0, cell).reduce((sum, { edges }) => sum + edges.reduce((a, b) => a + b, 0), 0);
  return (layout[cell]?.edges ?? []).map((length) => {
    at += length;
    return Array.from(values.subarray(at - length, at), (w) => Math.round((1000 * w) / FULL) / 1000);
  });
};

export const history = ({ data }: Pick<RunInfo, 'data'>): History => {
  const groups = rankOrder(data.counts.train);
  const columns: Columns = {
    ...{ epoch: [], trainLoss: [], validLoss: [], trainAccuracy: [], accuracy: [], perClass: [] },
    ...{ head: [], middle: [], tail: [] },
  };
  const knobs = new Map<string, (number | null)[]>();
  const times: { phase: string; seconds: number }[] = [];
  const weights: Weights[] = [];
  let last: History['last'];
  return {
    columns,
    knobs,
    times,
    weights,
    get last() {
      return last;
    },
    add: (record) => {
      const { phase, epoch, perClassAccuracy, operations, genotype, candidates } = record;
      const perClass = perClassAccuracy ?? [];
      columns.epoch.push(epoch + 1);
      columns.trainLoss.push(record.trainLoss);
      columns.validLoss.push(record.validLoss);
      columns.trainAccuracy.push(record.trainAccuracy);
      columns.accuracy.push(record.validAccuracy);
      columns.perClass.push(meanOf(perClass));
      for (const name of ['head', 'middle', 'tail'] as const)
        columns[name].push(meanOf(groups[name].map((c) => perClass[c])));
      for (const name of Object.keys(record.knobs))
        if (!knobs.has(name) && knobs.size < MOST_KNOBS) knobs.set(name, new Array(times.length).fill(null));
      for (const [name, values] of knobs) values.push(record.knobs[name] ?? null);
      // Names of phases come from run.json: one text for all records.
      times.push({ phase: times.findLast((of) => of.phase === phase)?.phase ?? phase, seconds: record.seconds });
      weights.push(weightsOf(record, weights.at(-1)?.layout));
      last = {
        ...{ epoch, phase, perClassAccuracy, genotype },
        ...(operations && { operations }),
        ...(candidates && { candidates }),
      };
    },
    ended: () => {
      const done = new Map<string, number>();
      for (const { phase } of times) done.set(phase, (done.get(phase) ?? 0) + 1);
      return { done, phase: last?.phase, seconds: epochSeconds(times) };
    },
  };
};
