import { type Column, dataRequest, grouped, plural, sum, tableOf } from '../measure/index.js';
import type { RunInfo } from '../run/index.js';
import { type Html, html, tableHtml } from './html.js';

interface LeftOut {
  readonly file: string;
  readonly reason: string;
}

/** So many files that were left out are named. */
const NAMED = 100;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The files that a run could not use, as its run.json has them: names, or names with reasons. */
export const leftOutOf = ({ data: { skipped } }: RunInfo): LeftOut[] =>
  (Array.isArray(skipped) ? skipped : []).map((of: unknown) =>
    isObject(of)
      ? { file: String(of['file']), reason: String(of['reason']) }
      : { file: String(of), reason: 'could not be read as an image' },
  );

const usedHtml = (info: RunInfo): Html => {
  const { counts, available, name } = info.data;
  const [trained, held] = [sum(counts.train), sum(counts.valid)];
  const all = available === undefined ? undefined : sum(available);
  const { imbalance, imbalanceRatio } = dataRequest(info);
  const skipped = leftOutOf(info);
  const thinned =
    all === undefined || all <= trained + held || imbalance === undefined || imbalance === 'natural'
      ? null
      : html` The others are left out, so that the classes have a long tail (${String(imbalance)}, ratio
${String(imbalanceRatio)}); <code>--imbalance natural</code> uses all.`;
  const unused =
    skipped.length === 0
      ? null
      : html` ${plural(skipped.length, 'file')} ${skipped.length === 1 ? 'was' : 'were'} left out.`;
  const ofAll = all === undefined ? '' : ` of ${grouped(all)}`;
  return html`<p>${name}: ${grouped(trained + held)}${ofAll} training images are used, ${grouped(trained)} to train on
and ${grouped(held)} to validate; ${grouped(sum(counts.test))} are tested on.${thinned}${unused}</p>`;
};

const leftOutHtml = (info: RunInfo): Html | null => {
  const skipped = leftOutOf(info);
  if (skipped.length === 0) return null;
  const items = skipped.slice(0, NAMED).map(({ file, reason }) => html`<li><code>${file}</code>: ${reason}</li>\n`);
  const more = skipped.length - items.length;
  return html`<details><summary>Files left out, and why</summary><ul>${items}${
    more > 0 ? html`<li>and ${grouped(more)} more</li>` : null
  }</ul></details>`;
};

/** How images were brought to their size, in words. */
const FITS: Readonly<Record<string, string>> = {
  cover: ': scaled until it covers the square, then cut in the middle',
  contain: ': scaled until it is within the square, which is black around it',
  stretch: ': stretched to the square',
};

/** What of the data was used, thinned out, and left out and why. */
export const ownDataHtml = (info: RunInfo): Html[] => {
  const { classes, counts, available, fingerprint, imageSize, channels, fit } = info.data;
  const column = (heading: string, of: readonly number[]): Column<number> => [
    heading,
    (c) => grouped(of[c] ?? sum(of)), // the last row is of all
  ];
  const columns: Column<number>[] = [
    ['Class', (c) => classes[c] ?? 'all'],
    ...(available === undefined ? [] : [column('There are', available)]),
    column('Training', counts.train),
    column('Validation', counts.valid),
    column('Test', counts.test),
  ];
  const size =
    imageSize === null
      ? null
      : html` Every image was brought to ${imageSize} × ${imageSize} pixels, ${channels === 1 ? 'grey' : 'in colour'}${
          FITS[fit ?? ''] ?? ''
        }.`;
  const caption = html`Images of each class.${size} Fingerprint of the data: <code>${fingerprint.slice(0, 12)}</code>.`;
  const table = tableHtml(caption, tableOf([...classes.keys(), classes.length], columns));
  return [usedHtml(info), ...[leftOutHtml(info)].flatMap((part) => part ?? []), table];
};
