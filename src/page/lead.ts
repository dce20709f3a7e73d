import { resultsOf } from '../figure/index.js';
import { type ClassResult, type LoadedRun, majority, plural } from '../measure/index.js';
import { perClassFirst, percentText } from './class-section.js';
import { type Html, html } from './html.js';

/** Below this many test images a share says less than the images themselves. */
const FEW = 20;

const classText = ({ name, recall, right, testImages }: ClassResult): string =>
  `${name} (${testImages < FEW ? `${right} of ${testImages}` : percentText(recall)})`;

const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

/** At most so many classes are named as good, and as bad. */
const NAMED = 3;

/** What a network is good and bad at, by class. */
const strengths = (run: LoadedRun): Html | null => {
  const tested = resultsOf(run)
    .filter(({ recall }) => recall !== null)
    .toSorted((a, b) => (b.recall ?? 0) - (a.recall ?? 0));
  const n = Math.min(NAMED, Math.floor(tested.length / 2));
  if (n === 0) return null;
  const [first, last] = [tested[0], tested.at(-1)];
  if (first !== undefined && first.recall === last?.recall)
    return html` It answers ${percentText(first.recall)} of the images of every class right.`;
  const [good, bad] = [tested.slice(0, n), tested.slice(-n).reverse()];
  return html` It is best at ${listed(good.map(classText))}, and worst at ${listed(bad.map(classText))}.`;
};

/** How good a tested run is, beside always answering the largest class, and what it is good and bad at. */
export const resultSentences = (run: LoadedRun): readonly Html[] => {
  const { evaluation, info } = run;
  if (evaluation === undefined) return [];
  const floor = majority(evaluation, { classes: info.data.classes, trainCounts: info.data.counts.train });
  const perClass = perClassFirst(run);
  const ofClasses = (of: typeof floor | typeof evaluation): string => percentText(of.meanPerClassAccuracy);
  const ofImages = (of: typeof floor | typeof evaluation): string => percentText(of.accuracy);
  const [measure, value] = perClass
    ? [evaluation.meanPerClassAccuracy, floor.meanPerClassAccuracy]
    : [evaluation.accuracy, floor.accuracy];
  const how = perClass
    ? html`It answers <b>${ofClasses(evaluation)}</b> of the test images of a class right, averaged over the classes,
and ${ofImages(evaluation)} of all test images. Always answering “${floor.name}”, the largest class, would reach
${ofClasses(floor)} and ${ofImages(floor)}.`
    : html`It answers <b>${ofImages(evaluation)}</b> of the test images right. Always answering “${floor.name}”, the
largest class, would reach ${ofImages(floor)}.`;
  const warning =
    measure > value ? null : html` <strong class="warn">That is no better than not looking: train longer.</strong>`;
  return [how, ...[warning, strengths(run)].flatMap((part) => part ?? [])];
};

/** What a page is about, where nothing is tested yet. */
export const nothingYet = (runs: readonly LoadedRun[]): Html =>
  html`Nothing is tested yet: ${plural(runs.length, 'run')} so far, none of them at its end.`;
