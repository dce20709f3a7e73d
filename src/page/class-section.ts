import { byClassFigure, resultsOf } from '../figure/index.js';
import {
  type ClassResult,
  grouped,
  isImbalanced,
  type LoadedRun,
  largestMistakes,
  NONE,
  plural,
  sum,
} from '../measure/index.js';
import { figureHtml } from './figure.js';
import { type Html, html } from './html.js';

export const percentText = (share: number | null): string => (share === null ? NONE : `${(100 * share).toFixed(1)} %`);

/** Whether the test images of a finished run are imbalanced: then the mean per class comes first, and in bold. */
export const perClassFirst = ({ evaluation }: LoadedRun): boolean =>
  evaluation !== undefined && isImbalanced(evaluation.confusion.map(sum));

const GROUPS = {
  head: 'Head: the largest 30 % of the classes',
  middle: 'Middle',
  tail: 'Tail: the smallest 30 %',
} as const;

const HEADINGS = ['Class', 'Training images', 'Test images', 'Right', 'Recall', '95 % interval', 'Precision'];

const row = ({ name, trainImages, testImages, right, recall, interval, precision }: ClassResult): Html => {
  const range = interval === null ? NONE : `${interval.map((end) => (100 * end).toFixed(1)).join(' to ')} %`;
  return html`<tr><th scope="row">${name}</th><td>${grouped(trainImages)}</td><td>${grouped(testImages)}</td>
<td>${grouped(right)} of ${grouped(testImages)}</td><td>${percentText(recall)}</td><td>${range}</td>
<td>${percentText(precision)}</td></tr>\n`;
};

/** How every class of a tested run does, the largest in training first, by head, middle and tail; and all of them. */
export const classTableHtml = (run: LoadedRun): Html => {
  const results = resultsOf(run);
  const { accuracy = 0, meanPerClassAccuracy = 0 } = run.evaluation ?? {};
  const groups = (['head', 'middle', 'tail'] as const).flatMap((group) => {
    const members = results.filter((of) => of.group === group);
    return members.length === 0
      ? []
      : [
          html`<tbody><tr class="group"><th scope="rowgroup" colspan="${HEADINGS.length}">${GROUPS[group]}</th></tr>
${members.map(row)}</tbody>\n`,
        ];
  });
  const [right, tested] = [sum(results.map((of) => of.right)), sum(results.map((of) => of.testImages))];
  const trained = sum(results.map((of) => of.trainImages));
  const bold = (text: string, yes: boolean): Html => (yes ? html`<b>${text}</b>` : html`${text}`);
  const first = perClassFirst(run);
  const mean = html`<tr><th scope="row">Mean per class</th><td></td><td></td><td></td>
<td>${bold(percentText(meanPerClassAccuracy), first)}</td><td></td><td></td></tr>\n`;
  const all = html`<tr><th scope="row">All images</th><td>${grouped(trained)}</td><td>${grouped(tested)}</td>
<td>${grouped(right)} of ${grouped(tested)}</td><td>${bold(percentText(accuracy), !first)}</td><td></td>
<td></td></tr>\n`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Every class, a table"><table class="numbers">
<caption><span>Every class on the test images, the largest in training first. Recall: share of its images that are
answered with it, with its 95 % interval over test images (Wilson). Precision: share of the answers with its name that
are right.</span></caption>
<thead><tr>${HEADINGS.map((heading) => html`<th scope="col">${heading}</th>`)}</tr></thead>
${groups}<tfoot>${first ? [mean, all] : [all, mean]}</tfoot></table></div>`;
};

/** The largest mistakes as sentences; classes count alike, however rare. */
export const mistakesHtml = ({ info, evaluation }: LoadedRun): Html => {
  const mistakes = largestMistakes(evaluation?.confusion ?? [], { classes: info.data.classes });
  if (mistakes.length === 0) return html`<p>No test image is mistaken.</p>`;
  const items = mistakes.map(({ from, to, images, of }) => {
    const are = images === 1 ? 'is' : 'are';
    return html`<li>${grouped(images)} of ${plural(of, 'image')} of “${from}” ${are} taken for “${to}”.</li>`;
  });
  return html`<p>The largest mistakes, by share of the class that they are made on:</p><ul>${items}</ul>`;
};

/** The figure of how each class does, for the top of a page. */
export const classFigureHtml = (run: LoadedRun): Html => figureHtml(byClassFigure(run), { id: 'by-class' });
