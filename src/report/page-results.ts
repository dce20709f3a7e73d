import { rankOrder } from '../run/index.js';
import {
  accuracy,
  counted,
  grouped,
  type Html,
  html,
  meanAndSd,
  memory,
  NONE,
  signed,
  table,
  time,
} from './page-html.js';
import { isCifar10Folder, isPapersData, type ResultRow, rowLabel } from './results.js';
import type { LoadedRun } from './runs.js';
import { mean } from './statistics.js';

/** A row of the table with the runs that it is made of. */
export interface Line {
  readonly row: ResultRow;
  readonly runs: readonly LoadedRun[];
}

const problemsAt = ({ row, runs }: Line): Html => {
  const troubled = runs.filter((run) => run.problems.length > 0);
  if (troubled.length === 0) return html``;
  const left = row.runs.length - row.unfinished.length;
  return html`<br><small class="warn">${troubled.map(
    ({ path }) => html`<a href="#problems">problems in ${path}</a>; `,
  )}${left === 0 ? 'no finished run' : `figures are of ${counted(left, ['finished run', 'finished runs'])}`}</small>`;
};

/** The mixings of several seeds: one value where they agree. */
const mixings = (values: readonly number[]): string => {
  const texts = values.map((m) => String(Number(m.toFixed(3))));
  return texts.length === 0 ? NONE : new Set(texts).size === 1 ? (texts[0] ?? NONE) : texts.join(', ');
};

/** The main table: what the paper reports, what came out here, and what it took. */
export const resultsTable = (lines: readonly Line[]): Html => {
  const paper = lines.some(({ row }) => row.paper !== null);
  const mixes = lines.some(({ row }) => row.mixing.length > 0);
  return table(
    lines.map((line) => {
      const { row } = line;
      return [
        html`${row.label}${problemsAt(line)}`,
        String(row.seeds.length - row.unfinished.length),
        ...(paper ? [accuracy(row.paper)] : []),
        html`<b>${meanAndSd(row.mean, row.sd)}</b>`,
        ...(paper ? [signed(row.difference)] : []),
        accuracy(row.meanPerClass),
        ...(mixes ? [mixings(row.mixing), meanAndSd(row.optimistic?.mean ?? null, row.optimistic?.sd ?? null)] : []),
        time(row.seconds),
        memory(row.peakMemoryBytes),
      ];
    }),
    {
      numbers: true,
      caption: `Table 1. Accuracy on the test split in percent: mean over seeds${
        lines.some(({ row }) => row.sd !== null) ? ' ± sample standard deviation' : ''
      }. The time is that of all epochs at the median of their phase. A dash stands for what does not apply or is not there.`,
      groups: [
        { label: '', columns: 2 },
        { label: 'Test accuracy', columns: paper ? 4 : 2 },
        ...(mixes ? [{ label: 'Test-time mixing', columns: 2 }] : []),
        { label: 'Cost of a run', columns: 2 },
      ],
      head: [
        'Method',
        'Seeds',
        ...(paper ? ['Paper'] : []),
        'Ours',
        ...(paper ? ['Difference'] : []),
        'Mean per class',
        ...(mixes ? ['Chosen', 'Best, chosen on test'] : []),
        ...['Time', 'Memory'],
      ],
    },
  );
};

/** How accuracy falls from large classes to small ones. */
export const groupsTable = (lines: readonly Line[]): Html =>
  table(
    lines.map(({ row }) => [
      row.label,
      ...[row.ranks.head, row.ranks.middle, row.ranks.tail, row.shots.many, row.shots.medium, row.shots.few].map(
        (value) => accuracy(value),
      ),
    ]),
    {
      numbers: true,
      caption:
        'Table 2. Mean test accuracy of groups of classes in percent, mean over seeds. Head, middle and tail are the largest 30 %, the next 40 % and the smallest 30 % of the classes. Methods that mix stand at their own test-time mixing each.',
      groups: [
        { label: '', columns: 1 },
        { label: 'By rank of class', columns: 3 },
        { label: 'By training images of class', columns: 3 },
      ],
      head: ['Method', 'Head', 'Middle', 'Tail', 'Many (> 100)', 'Medium (20 to 100)', 'Few (< 20)'],
    },
  );

/** What a reader must know before comparing anything in the table with other tables. */
export const caveats = (lines: readonly Line[]): Html => {
  const rows = lines.map(({ row }) => row);
  const first = lines[0]?.runs[0];
  return html`<ul class="caveats">
<li>All figures are of <strong>supernets that were never retrained</strong>: what is tested is the whole search network. They must not be set beside
accuracies of derived networks, or of networks trained for accuracy.</li>
${
  rows.some((row) => row.paper !== null)
    ? html`<li>The paper reports <strong>one run a row</strong>, so its figures have no spread, and it chooses the mixing on the split that it scores.
Our difference is to the accuracy at the mixing chosen on the validation split.</li>`
    : first !== undefined && !isPapersData(first.info)
      ? html`<li>The paper’s figures are for CIFAR-10 with an exponential long tail at ratio 100. These are other data, so they are not shown.</li>`
      : null
}
${
  first !== undefined && isCifar10Folder(first.info)
    ? html`<li>The images come from <strong>a folder, ${first.info.data.name}</strong>: the classes and counts are CIFAR-10’s, the pixels need not be: JPEG
changes them. These are not figures of plain CIFAR-10.</li>`
    : null
}
${
  rows.some((row) => row.mixing.length > 0)
    ? html`<li>“Chosen” is the mixing with the best mean per-class accuracy on the validation split (1: the instance head alone, 0: the class head alone),
one value a seed where they differ; every other figure is measured at it. “Best, chosen on test” is the best accuracy over all mixings, chosen on the test split, like
the paper’s: it is optimistic.</li>`
    : null
}
${
  rows.every((row) => row.sd === null)
    ? html`<li>Every method has one finished run or none: nothing here says how much chance there is in these figures.</li>`
    : null
}
</ul>`;
};

/** Accuracy of every class, beside how many images it was trained on; means over the finished runs of a row. */
export const perClassTable = (lines: readonly Line[]): Html => {
  const data = lines[0]?.runs[0]?.info.data;
  if (data === undefined) return html``;
  const tested = lines.filter(({ row }) => row.mean !== null);
  return table(
    data.classes.map((name, c) => [
      name,
      grouped(data.counts.train[c] ?? 0),
      ...tested.map(({ runs }) => {
        const known = runs.flatMap(({ evaluation }) => {
          const value = evaluation?.perClassAccuracy[c] ?? null;
          return value === null ? [] : [100 * value];
        });
        return known.length === 0 ? NONE : accuracy(mean(known), { digits: 1 });
      }),
    ]),
    {
      numbers: true,
      caption: 'Table 3. Test accuracy of each class in percent, mean over seeds.',
      head: ['Class', 'Training images', ...tested.map(({ row }) => row.label)],
    },
  );
};

/** Beyond this many classes a matrix cannot be read, and is summed into the groups by rank. */
const MOST_CLASSES = 25;

const inGroups = (confusion: readonly (readonly number[])[], trainCounts: readonly number[]): number[][] => {
  const groups = Object.values(rankOrder(trainCounts));
  return groups.map((rows) =>
    groups.map((columns) => rows.reduce((sum, r) => columns.reduce((s, c) => s + (confusion[r]?.[c] ?? 0), sum), 0)),
  );
};

/** The confusion matrix of a run, shaded by the share of each true class. */
export const confusionTable = ({ info, evaluation, path }: LoadedRun): Html => {
  if (evaluation === undefined) return html``;
  const { classes, counts } = info.data;
  const whole = classes.length <= MOST_CLASSES;
  const matrix = whole ? evaluation.confusion : inGroups(evaluation.confusion, counts.train);
  const names = whole ? classes : ['head', 'middle', 'tail'];
  return html`<figure class="card confusion"><div class="scroll" tabindex="0" role="group"><table>
<caption><span>${rowLabel(info)}, seed ${info.seed} <small>${path}</small></span></caption>
<thead><tr><td></td>${names.map((name) => html`<th scope="col"><span>${name}</span></th>`)}</tr></thead>
<tbody>${matrix.map((row, r) => {
    const total = row.reduce((a, b) => a + b, 0);
    return html`<tr><th scope="row">${names[r] ?? r}</th>${row.map((n) => {
      const share = total === 0 ? 0 : n / total;
      const look = share > 0.8 ? ' dark' : n === 0 ? ' zero' : '';
      return html`<td class="shade${look}" style="--share:${share.toFixed(3)}">${n}</td>`;
    })}</tr>\n`;
  })}</tbody></table></div></figure>`;
};
