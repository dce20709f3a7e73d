import { type LoadedRun, mean, meanOfKnown, opWeightsOf } from '../measure/index.js';
import { type EpochRecord, type Evaluation, type RunInfo, rankGroups, skipShares } from '../run/index.js';

/** What dashboards get of a run: its description, its epochs, and its test where there is one. */
export type LoggedRun = Pick<LoadedRun, 'info' | 'records' | 'evaluation'>;

/** One number of a run, by the name that a dashboard shows it under; what stands before the `/` groups names. */
export type Scalar = readonly [tag: string, value: number];

/** All scalars of one moment of a run. */
export interface Moment {
  /** Epochs done. */
  readonly step: number;
  /** Seconds since 1970: of the start, and of all epochs until then. What a run stood still for is not in it. */
  readonly time: number;
  readonly scalars: readonly Scalar[];
}

type Maybe = readonly [tag: string, value: number | null | undefined];

const known = (all: readonly Maybe[]): Scalar[] =>
  all.flatMap(([tag, value]): Scalar[] => (value === null || value === undefined ? [] : [[tag, value]]));

const perClass = (
  prefix: string,
  accuracy: readonly (number | null)[] | null,
  { classes, counts }: RunInfo['data'],
): Maybe[] => {
  if (accuracy === null) return [];
  const groups = Object.entries(rankGroups(accuracy, counts.train));
  return [
    [`${prefix}/mean per class`, meanOfKnown(accuracy)],
    ...groups.map(([group, value]): Maybe => [`${prefix}/${group}`, value]),
    ...classes.map((name, c): Maybe => [`${prefix} class/${name}`, accuracy[c]]),
  ];
};

const settingOf = (at: Readonly<Record<string, number>>): string =>
  Object.entries(at)
    .map(([knob, value]) => `${knob} ${value}`)
    .join(' ');

/** The mean weight of each operation over the edges of a cell, where all edges have the same. */
const operations = (record: EpochRecord, { experiment }: RunInfo): Maybe[] => {
  const names = experiment.space?.primitives ?? [];
  if (record.operations !== undefined) return [];
  return Object.keys(record.alpha ?? {}).flatMap((component) =>
    Object.entries(opWeightsOf(record, { component })).flatMap(([kind, edges]) =>
      edges.every((row) => row.length === names.length)
        ? names.map((op, i): Maybe => [`weight ${component} ${kind}/${op}`, mean(edges.map((row) => row[i] ?? 0))])
        : [],
    ),
  );
};

const ofEpoch = (record: EpochRecord, info: RunInfo): Scalar[] =>
  known([
    ['loss/train', record.trainLoss],
    ['loss/validation', record.validLoss],
    ['accuracy/train', record.trainAccuracy],
    ['accuracy/validation', record.validAccuracy],
    ...perClass('validation', record.perClassAccuracy, info.data),
    ...(record.answers ?? []).map((of): Maybe => [`validation at/${settingOf(of.at)}`, of.meanPerClassAccuracy]),
    ...Object.entries(record.knobs).map(([knob, value]): Maybe => [`schedule/${knob}`, value]),
    ...Object.entries(record.gradNorm).flatMap(([of, norms]) =>
      Object.entries(norms).map(([component, norm]): Maybe => [`gradient norm/${of} ${component}`, norm]),
    ),
    ...skipShares(record.genotype ?? {}).map(({ cell, share }): Maybe => [`skips/${cell.replace(',', '')}`, share]),
    ...operations(record, info),
    ['search/eigenvalue', record.eigenvalue],
    ['search/best candidate', record.candidates?.best],
    ['time/seconds per epoch', record.seconds],
    ['time/images per second', record.imagesPerSecond],
    ['memory/peak bytes', record.peakMemoryBytes],
  ]);

const ofTest = ({ loss, accuracy, perClassAccuracy }: Evaluation, info: RunInfo): Scalar[] =>
  known([['loss/test', loss], ['accuracy/test', accuracy], ...perClass('test', perClassAccuracy, info.data)]);

/** Everything of a run that is a number, epoch by epoch, then its test. Accuracies are shares in [0, 1]. */
export const momentsOf = ({ info, records, evaluation }: LoggedRun): Moment[] => {
  let time = Date.parse(info.startedAt) / 1000;
  const epochs = records.map((record): Moment => {
    time += record.seconds;
    return { step: record.epoch + 1, time, scalars: ofEpoch(record, info) };
  });
  if (evaluation === undefined) return epochs;
  return [...epochs, { step: records.length, time, scalars: ofTest(evaluation, info) }];
};
