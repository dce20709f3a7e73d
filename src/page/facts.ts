import {
  bytes,
  type Column,
  commandText,
  dataRequest,
  durationWithUnits,
  grouped,
  type LoadedRun,
  NONE,
  plural,
  recordedCommand,
  rowLabel,
  rowName,
  sum,
  tableOf,
  type Unreadable,
} from '../measure/index.js';
import { choices } from '../paper/index.js';
import type { ExperimentRecord, RunInfo } from '../run/index.js';
import { type Html, type HtmlColumn, html, tableHtml, wordsHtml } from './html.js';

/** What is missing or damaged, run by run. */
export const problemsNotice = (runs: readonly LoadedRun[], unreadable: readonly Unreadable[]): Html | null => {
  const troubled = [...runs.filter((run) => run.problems.length > 0), ...unreadable];
  if (troubled.length === 0) return null;
  const items = troubled.map(({ path, problems }) => html`<li><code>${path}</code>: ${problems.join('; ')}</li>`);
  return html`<div class="notice" id="problems"><p><strong>Not everything is here.</strong> Figures and tables hold what
could be read.</p>\n<ul>${items}</ul></div>`;
};

const phaseHtml = ({ name, epochs, knobs, frozen }: ExperimentRecord['phases'][number]): Html => {
  const schedules = Object.entries(knobs).map(([knob, label]) => `${knob} ${label}`);
  const parts = [...schedules, ...(frozen.length === 0 ? [] : [`frozen: ${frozen.join(', ')}`])];
  return html`<div>${name}, ${plural(epochs, 'epoch')}: ${parts.join('; ')}</div>`;
};

const samplingOf = ({ streams }: ExperimentRecord): string =>
  streams.flatMap(({ part, sampling }) => (part === 'train' ? [sampling] : [])).join(' and ');

/** How each method learns: its batches, and its phases with their schedules by their labels. */
export const methodsHtml = (infos: readonly RunInfo[]): Html =>
  wordsHtml('Schedules run over the progress t of their phase, from 0 to 1.', infos, [
    ['Method', (info) => html`${rowLabel(info)}<br><small><code>${rowName(info)}</code></small>`],
    ['Algorithm', ({ experiment }) => experiment.method],
    ['Sampling of batches', ({ experiment }) => samplingOf(experiment)],
    ['Phases', ({ experiment }) => html`${experiment.phases.map(phaseHtml)}`],
  ]);

/** What a run was made with: settings, machine and versions (several where it was resumed); and what it took. */
const settingsOf = ({ info, records }: LoadedRun): Map<string, string> => {
  const { experiment, overrides, device, threads, host, versions, startedAt } = info;
  const had = (key: string) => [versions, ...records.map((r) => r.versions ?? {})].flatMap((of) => of[key] ?? []);
  const [seconds, peak] = [sum(records.map((r) => r.seconds)), Math.max(...records.map((r) => r.peakMemoryBytes))];
  return new Map([
    ['epochs done', String(records.length)],
    ...(records.length === 0 ? [] : [['time of epochs', durationWithUnits(seconds)] as const]),
    ...(records.length === 0 ? [] : [['peak memory', bytes(peak)] as const]),
    ...Object.entries(experiment.options).map(([key, value]): [string, string] => [key, String(value)]),
    ...('scale' in overrides ? [['scale', String(overrides['scale'])] as const] : []),
    ['device', device],
    ['threads', String(threads)],
    ...(host === null ? [] : [['host', `${host.name}, ${host.processor}, ${plural(host.cores, 'core')}`] as const]),
    ...Object.keys(versions).map((key) => [`version of ${key}`, [...new Set(had(key))].join(', then ')] as const),
    ['started', startedAt.replace('T', ' ').replace(/(:\d\d)\.\d+/, '$1')],
  ]);
};

/** Settings, machine and versions: once where all runs agree, by run where they differ. */
export const settingsHtml = (runs: readonly LoadedRun[]): Html => {
  const settings = new Map(runs.map((run) => [run, settingsOf(run)]));
  const all = [...settings.values()];
  const keys = [...new Set(all.flatMap((of) => [...of.keys()]))];
  const valuesOf = (key: string) => [...new Set(all.map((of) => of.get(key) ?? NONE))];
  const differing = keys.filter((key) => valuesOf(key).length > 1);
  const shared = wordsHtml(
    'The same in all runs.',
    keys.filter((key) => !differing.includes(key)),
    [
      ['Setting', (key) => key],
      ['Value', (key) => valuesOf(key).join()],
    ],
  );
  const byRun = wordsHtml('Runs, and what differs between them.', runs, [
    ['Run', ({ path }) => html`<code>${path}</code>`],
    ['Method', ({ info }) => rowLabel(info)],
    ['Seed', ({ info }) => String(info.seed)],
    ...differing.map((key): HtmlColumn<LoadedRun> => [key, (run) => settings.get(run)?.get(key) ?? NONE]),
  ]);
  return html`${shared}\n${byRun}`;
};

/** The data: how many images each class has in each split, and the fingerprint by which two copies are compared. */
export const dataHtml = ({ data: { classes, counts, fingerprint } }: RunInfo): Html => {
  const column = (heading: string, of: readonly number[]): Column<number> => [
    heading,
    (c) => grouped(of[c] ?? sum(of)), // the last row is of all
  ];
  const columns: Column<number>[] = [
    ['Class', (c) => classes[c] ?? 'all'],
    column('Training', counts.train),
    column('Validation', counts.valid),
    column('Test', counts.test),
  ];
  const caption = html`Images of each class. Fingerprint of the data: <code>${fingerprint.slice(0, 12)}</code>.`;
  return tableHtml(caption, tableOf([...classes.keys(), classes.length], columns));
};

/** How many of the training images there were are used, where that is known. */
const usedText = ({ data: { counts, available } }: RunInfo): string =>
  available === undefined
    ? ''
    : `, ${grouped(sum([...counts.train, ...counts.valid]))} of ${grouped(sum(available))} training images used`;

/** How the long tail was made, as words that follow "10 classes". */
export const tailText = (info: RunInfo): string => {
  const { imbalance, imbalanceRatio } = dataRequest(info);
  const counts = info.data.counts.train;
  const range = `, ${grouped(Math.max(...counts))} to ${grouped(Math.min(...counts))} training images per class`;
  if (imbalance === undefined) return range;
  return imbalance === 'natural'
    ? `, as imbalanced as they are${range}`
    : ` with a long tail (${imbalance}, ratio ${imbalanceRatio}${usedText(info)})${range}`;
};

/** What the paper leaves open, and how it is settled here. */
export const choicesHtml = (): Html =>
  wordsHtml('Each is what tailnas does unless a run’s command says otherwise.', choices, [
    ['Open', ({ what }) => what],
    ['Here', ({ choice }) => choice],
    ['Why', ({ why }) => why],
  ]);

/** The exact command of every run, and of the report. */
export const commandsHtml = (runs: readonly LoadedRun[], command: readonly string[]): Html => {
  const ran = runs.map(({ info }) => recordedCommand(info.command, info));
  return html`<p>The runs:</p><pre>${ran.join('\n')}</pre><p>This report:</p><pre>${commandText(command)}</pre>`;
};
