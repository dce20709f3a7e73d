import {
  type Column,
  columnsNeeded,
  finished,
  fixed,
  grouped,
  isImbalanced,
  isPapersData,
  isPapersFolder,
  type LoadedRun,
  mean,
  meanAndSd,
  ofEqualCost,
  plural,
  type ResultRow,
  resultColumns,
  rowLabel,
  sum,
  tableOf,
} from '../measure/index.js';
import { rankOrder } from '../run/index.js';
import { type Html, type HtmlColumn, html, tableHtml } from './html.js';

/** A row of the table of results with the runs that it is made of. */
export interface Line extends ResultRow {
  readonly members: readonly LoadedRun[];
}

const problemsOf = (line: Line): Html | null => {
  const troubled = line.members.filter((run) => run.problems.length > 0);
  if (troubled.length === 0) return null;
  const links = troubled.map(({ path }) => html`<a href="#problems">problems in ${path}</a>; `);
  const left = finished(line) === 0 ? 'no finished run' : `figures are of ${plural(finished(line), 'finished run')}`;
  return html`<br><small class="warn">${links}${left}</small>`;
};

/** The main table: what the paper reports, what these runs have, and what they took; then groups of classes. */
export const resultsHtml = (lines: readonly Line[]): Html => {
  const { paper: known, mixing: mixed, size } = columnsNeeded(lines);
  // Where the test images are imbalanced, plain accuracy is that of the large classes.
  const perClass = lines.some(({ members }) => members.some(({ info }) => isImbalanced(info.data.counts.test)));
  const perClassColumn: HtmlColumn<Line> = ['Mean per class', (line) => html`<b>${meanAndSd(line.meanPerClass)}</b>`];
  const columns: HtmlColumn<Line>[] = [
    ['Method', (line) => html`${line.label}${problemsOf(line)}`],
    ...resultColumns('Seeds', ...(known ? (['Paper'] as const) : [])),
    ...(perClass ? [perClassColumn] : []),
    [perClass ? 'All images' : 'Ours', (line) => (perClass ? meanAndSd(line) : html`<b>${meanAndSd(line)}</b>`)],
    ...resultColumns(...(known ? (['Difference'] as const) : []), ...(perClass ? [] : (['Mean per class'] as const))),
    ...(mixed ? resultColumns('Mixing chosen', 'Chosen on test') : []),
    ...resultColumns(...(size ? (['Weights', 'Multiply-adds'] as const) : []), 'Time', 'Memory'),
  ];
  const spread = lines.some(({ sd }) => sd !== null) ? ' ± sample standard deviation' : '';
  const caption = `Accuracy on the test split in percent: mean over seeds${spread}. The time is that of all epochs of a
run at the median of their phase, the memory the most of any run. A dash is for what does not apply or is not there.`;
  return tableHtml(caption, tableOf(lines, columns));
};

/** How accuracy falls from large classes to small ones. */
export const groupsHtml = (lines: readonly Line[]): Html =>
  tableHtml(
    `Mean test accuracy of groups of classes in percent, mean over seeds. Head, middle and tail are the largest 30 %,
the next 40 % and the smallest 30 % of the classes; many, medium and few go by training images per class. Methods that
mix have their own test-time mixing each.`,
    tableOf(lines, [
      ...resultColumns('Method', 'Head', 'Middle', 'Tail'),
      ...resultColumns('Many (> 100)', 'Medium (20 to 100)', 'Few (< 20)'),
    ]),
  );

/** What a reader must know before comparing anything in the table with other tables. */
export const caveats = (lines: readonly Line[]): Html => {
  const infos = lines.flatMap(({ members }) => members.map(({ info }) => info));
  const kinds = new Set(infos.map(({ experiment }) => experiment.kind));
  const folder = infos.find(isPapersFolder);
  const others = kinds.size > 1 ? ', as the other rows are' : '';
  const items: (Html | false | undefined)[] = [
    kinds.has('search') &&
      html`Figures of searches are of <strong>supernets that were never retrained</strong>: what is tested is the whole
search network. They must not be compared with accuracies of derived networks, or of networks trained for
accuracy${others}.`,
    lines.some(({ paper }) => paper !== null) &&
      html`The paper reports <strong>one run per row</strong>, so its figures have no spread, and it chooses the mixing
on the split that it scores. Our difference is to the accuracy at the mixing chosen on the validation split.`,
    folder &&
      html`The images come from <strong>a folder, ${folder.data.name}</strong>: the classes and counts are CIFAR-10’s,
the pixels need not be: JPEG changes them. These are not figures of plain CIFAR-10.`,
    lines.some(({ mixing }) => mixing.length > 0) &&
      html`“Mixing chosen” is the one with the best mean per-class accuracy on the validation split (1: the instance
head alone, 0: the class head alone), one value per seed; every other figure is measured at it. “Chosen on test” is the
best accuracy over all mixings, chosen on the test split${infos.some(isPapersData) ? ', like the paper’s' : ''}: it is
optimistic.`,
    ofEqualCost(infos.map((info) => ({ info }))) &&
      new Set(infos.map(({ experiment }) => experiment.options['channels'])).size > 1 &&
      html`Networks have <strong>different channels, so that all take about as many multiply-adds</strong> (at most 15 %
apart).`,
    lines.every(({ sd }) => sd === null) &&
      html`Every method has one finished run or none: nothing here says how much chance there is in these figures.`,
  ];
  return html`<ul class="caveats">\n${items.flatMap((text) => (text ? [html`<li>${text}</li>\n`] : []))}</ul>`;
};

/** Accuracy of every class, beside how many images it was trained on; means over the finished runs of a row. */
export const perClassHtml = (lines: readonly Line[]): Html => {
  const data = lines[0]?.members[0]?.info.data;
  const ofClass = (c: number, members: readonly LoadedRun[]): number | null => {
    const known = members.flatMap(({ evaluation }) => evaluation?.perClassAccuracy[c] ?? []);
    return known.length === 0 ? null : mean(known.map((share) => 100 * share));
  };
  const columns: Column<number>[] = [
    ['Class', (c) => data?.classes[c] ?? String(c)],
    ['Training images', (c) => grouped(data?.counts.train[c] ?? 0)],
    ...lines
      .filter((line) => line.mean !== null)
      .map(({ label, members }): Column<number> => [label, (c) => fixed(ofClass(c, members), 1)]),
  ];
  const classes = [...(data?.classes.keys() ?? [])];
  return tableHtml('Test accuracy of each class in percent, mean over seeds.', tableOf(classes, columns));
};

/** Beyond this many classes a matrix cannot be read, and is summed into the groups by rank. */
const MOST_CLASSES = 25;

const inGroups = (confusion: readonly (readonly number[])[], trainCounts: readonly number[]): number[][] => {
  const groups = Object.values(rankOrder(trainCounts));
  return groups.map((rows) =>
    groups.map((columns) => sum(rows.flatMap((r) => columns.map((c) => confusion[r]?.[c] ?? 0)))),
  );
};

/** The confusion matrix of a run, shaded by the share of each true class. */
export const confusionHtml = ({ info, evaluation, path }: LoadedRun): Html => {
  const { classes, counts } = info.data;
  const confusion = evaluation?.confusion ?? [];
  const whole = classes.length <= MOST_CLASSES;
  const names = whole ? classes : ['head', 'middle', 'tail'];
  const cell = (n: number, total: number): Html => {
    const share = total === 0 ? 0 : n / total;
    const look = share > 0.8 ? ' dark' : n === 0 ? ' zero' : '';
    return html`<td class="shade${look}" style="--share:${share.toFixed(3)}">${n}</td>`;
  };
  const rows = (whole ? confusion : inGroups(confusion, counts.train)).map(
    (row, r) => html`<tr><th scope="row">${names[r] ?? r}</th>${row.map((n) => cell(n, sum(row)))}</tr>\n`,
  );
  return html`<figure class="card confusion"><div class="scroll" tabindex="0" role="group"><table>
<caption><span>${rowLabel(info)}, seed ${info.seed} <small>${path}</small></span></caption>
<thead><tr><td></td>${names.map((name) => html`<th scope="col"><span>${name}</span></th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div></figure>`;
};
