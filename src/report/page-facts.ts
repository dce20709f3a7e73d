import type { RunInfo } from '../run/index.js';
import { choices } from './choices.js';
import { genotypeTexts } from './page-cells.js';
import { grouped, type Html, html, memory, NONE, table, time } from './page-html.js';
import type { Line } from './page-results.js';
import { dataRequest, rowLabel } from './results.js';
import type { LoadedRun, Unreadable } from './runs.js';

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** What is missing or damaged, run by run. */
export const problemsNotice = (runs: readonly LoadedRun[], unreadable: readonly Unreadable[]): Html | null => {
  const troubled = [...runs.filter((run) => run.problems.length > 0), ...unreadable];
  if (troubled.length === 0) return null;
  return html`<div class="notice" id="problems"><p><strong>Not everything is here.</strong> Figures and tables hold what could be read.</p>
<ul>${troubled.map(({ path, problems }) => html`<li><code>${path}</code>: ${problems.join('; ')}</li>`)}</ul></div>`;
};

/** How each method searches: its batches and schedules by their labels, and the phases after the search. */
export const methodsTable = (lines: readonly Line[]): Html => {
  const factors = (archLr: Readonly<Record<string, string>>): string =>
    Object.entries(archLr)
      .map(([component, label]) => `${component}: ${label}`)
      .join('; ') || '1 for all';
  return table(
    lines.flatMap(({ row, runs: [first] }) => {
      if (first === undefined) return [];
      const { name, method, phases } = first.info.recipe;
      const after = phases.map(
        (phase) =>
          html`<div>${phase.name}, ${phase.epochs} epochs: mixing ${phase.mixing ?? 'none'}; factors ${factors(phase.archLr)}${
            phase.frozen.length === 0 ? '' : `; frozen: ${phase.frozen.join(', ')}`
          }</div>`,
      );
      return [
        [
          html`${row.label}<br><small><code>${name}</code></small>`,
          method.label,
          method.streams.join(' and '),
          method.mixing ?? 'none',
          factors(method.archLr),
          after.length === 0 ? NONE : html`${after}`,
        ],
      ];
    }),
    {
      caption: 'Table 4. Methods. Schedules run over the progress t of their phase, from 0 to 1.',
      head: ['Method', 'Search', 'Sampling of batches', 'Mixing', 'Factors on architecture rates', 'Afterwards'],
    },
  );
};

/** What a run was made with, flat: settings, machine, versions, one after the other where it was resumed with another. */
const facts = ({ info, records }: LoadedRun): Map<string, string> => {
  const { recipe, overrides, device, threads, versions, startedAt } = info;
  const had = (key: string) => [
    ...new Set([versions, ...records.map((r) => r.versions ?? {})].flatMap((v) => v[key] ?? [])),
  ];
  return new Map([
    ...Object.entries(recipe.settings).map(([key, value]): [string, string] => [key, String(value)]),
    ['loss', recipe.loss],
    ...(overrides['scale'] === undefined ? [] : [['scale', String(overrides['scale'])] as const]),
    ['device', device],
    ['threads', String(threads)],
    ...Object.keys(versions).map((key): [string, string] => [`version of ${key}`, had(key).join(', then ')]),
    ['started', startedAt.replace('T', ' ').replace(/(:\d\d)\.\d+/, '$1')],
  ]);
};

/** Settings, machine and versions: once where all runs agree, by run where they differ. */
export const settingsTables = (runs: readonly LoadedRun[]): Html => {
  const byRun = runs.map((run) => ({ run, facts: facts(run) }));
  const keys = [...new Set(byRun.flatMap(({ facts }) => [...facts.keys()]))];
  const differing = keys.filter((key) => new Set(byRun.map(({ facts }) => facts.get(key))).size > 1);
  const equal = keys.filter((key) => !differing.includes(key));
  return html`${table(
    equal.map((key) => [key, byRun[0]?.facts.get(key) ?? NONE]),
    { caption: `Table 5. The same in ${runs.length === 1 ? 'the run' : 'all runs'}.`, head: ['Setting', 'Value'] },
  )}${table(
    byRun.map(({ run, facts }) => [
      html`<code>${run.path}</code>`,
      rowLabel(run.info),
      String(run.info.seed),
      ...differing.map((key) => facts.get(key) ?? NONE),
    ]),
    {
      caption: 'Table 6. Runs, and what differs between them.',
      head: ['Run', 'Method', 'Seed', ...differing],
    },
  )}`;
};

/** The data: how many images each class has in each split, and the fingerprint by which two copies can be told apart. */
export const dataTable = ({ data }: RunInfo): Html => {
  const { train, valid, test } = data.counts;
  const numbers = (of: (counts: readonly number[]) => number): string[] =>
    [train, valid, test].map((c) => grouped(of(c)));
  const rows = data.classes.map((name, c) => [name, ...numbers((counts) => counts[c] ?? 0)]);
  return table([...rows, [html`<b>all</b>`, ...numbers(sum).map((n) => html`<b>${n}</b>`)]], {
    numbers: true,
    caption: html`Table 7. Images of each class. Fingerprint of the data: <code>${data.fingerprint.slice(0, 12)}</code>.`,
    head: ['Class', 'Training', 'Validation', 'Test'],
  });
};

/** How the long tail was made, as words that follow "10 classes". */
export const tailText = (info: RunInfo): string => {
  const { imbalance, imbalanceRatio } = dataRequest(info);
  const counts = info.data.counts.train;
  const range = `${grouped(Math.max(...counts))} to ${grouped(Math.min(...counts))} training images a class`;
  if (imbalance === 'natural') return `, as imbalanced as they are: ${range}`;
  if (imbalance === undefined) return `, ${range}`;
  const shape = imbalance === 'exp' ? 'an exponential' : imbalance === 'step' ? 'a step-shaped' : `a ${imbalance}`;
  return ` with ${shape} long tail at ratio ${imbalanceRatio}, ${range}`;
};

/** Time and memory of every run. */
export const costTable = (runs: readonly LoadedRun[]): Html =>
  table(
    runs.map(({ path, records, info }) => {
      const seconds = sum(records.map((record) => record.seconds));
      const none = records.length === 0;
      return [
        html`<code>${path}</code>`,
        String(records.length),
        time(none ? null : seconds),
        time(none ? null : seconds / records.length),
        none ? NONE : (sum(records.map((record) => record.imagesPerSecond)) / records.length).toFixed(0),
        none ? NONE : memory(Math.max(...records.map((record) => record.peakMemoryBytes))),
        `${info.device}, ${info.threads} ${info.threads === 1 ? 'thread' : 'threads'}`,
      ];
    }),
    {
      numbers: true,
      caption:
        'Table 8. Cost of each run: wall-clock time of all epochs, validation included and the final test not; peak memory of the process.',
      head: ['Run', 'Epochs', 'Time', 'Time an epoch', 'Images a second', 'Memory', 'Machine'],
    },
  );

/** The last genotype of one run of each method, as text. */
export const genotypesList = (shown: readonly LoadedRun[]): Html =>
  html`${shown.map(
    (run) => html`<details><summary>${rowLabel(run.info)}, seed ${run.info.seed} <small>${run.path}</small></summary>
<dl class="genotypes">${genotypeTexts(run).map(
      ([title, text]) => html`<dt>${title}</dt><dd><code>${text}</code></dd>`,
    )}</dl></details>`,
  )}`;

/** What the paper leaves open, and how it is settled here. */
export const choicesTable = (): Html =>
  table(
    choices.map(({ what, choice, why }) => [what, choice, why]),
    { caption: 'Table 9. Choices that the paper leaves open.', head: ['Open', 'Here', 'Why'] },
  );

/** A command as one would type it: words in quotes where a shell would split or change them. */
export const commandText = (command: readonly string[]): string =>
  command.map((word) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');

/** The exact command of every run, and of the report. */
export const commandsList = (runs: readonly LoadedRun[], { command }: { command: readonly string[] }): Html => {
  const ran = runs.map(({ info }) =>
    info.command.length === 0 ? `# ${info.name} was started from a program` : commandText(info.command),
  );
  return html`<p>The runs:</p><pre>${ran.join('\n')}</pre><p>This report:</p><pre>${commandText(command)}</pre>`;
};
