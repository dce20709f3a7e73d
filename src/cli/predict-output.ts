import { shortName } from '../label/index.js';
import type { Prediction } from '../session/index.js';
import { percent } from './format.js';

/** What is kept of a prediction: as much as is printed. */
export interface Kept {
  readonly file: string;
  readonly top: readonly { readonly class: string; readonly probability: number }[];
  readonly margin: number;
  readonly label?: string | undefined;
  readonly probabilities?: readonly number[] | undefined;
}

export interface Shown {
  readonly classes: readonly string[];
  /** Classes of each image. */
  readonly top: number;
  readonly labels: boolean;
  readonly probabilities: boolean;
}

/** The part of a prediction that is shown. */
export const keptOf = (
  { file, margin, probabilities }: Prediction,
  { shown, label }: { shown: Shown; label: string | undefined },
): Kept => {
  const order = [...probabilities.keys()].sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  const top = order.slice(0, shown.top).map((c) => ({
    class: shown.classes[c] ?? '',
    probability: probabilities[c] ?? 0,
  }));
  return { file, top, margin, label, probabilities: shown.probabilities ? probabilities : undefined };
};

/** Least sure first: by how far the first class is ahead of the second. */
export const byDoubt = (predictions: readonly Kept[]): Kept[] => predictions.toSorted((a, b) => a.margin - b.margin);

const ordinal = (n: number): string => `${n}${n === 2 ? 'nd' : n === 3 ? 'rd' : 'th'}`;

/** Rows for a terminal, the image last: a long path then moves nothing. `right`: columns of numbers. */
export const predictionTable = (
  predictions: readonly Kept[],
  { classes, top, labels, probabilities }: Shown,
): { rows: string[][]; right: number[] } => {
  const rows = [
    [
      ...(labels ? ['folder', ''] : []),
      ...Array.from({ length: top }, (_, i) => [i === 0 ? 'class' : ordinal(i + 1), 'probability']).flat(),
      'margin',
      ...(probabilities ? classes.map((name) => shortName(name)) : []),
      'file',
    ],
    ...predictions.map((p) => [
      ...(labels ? [shortName(p.label ?? ''), p.label === p.top[0]?.class ? '' : '≠'] : []),
      ...p.top.flatMap((one) => [shortName(one.class), percent(one.probability)]),
      percent(p.margin),
      ...(p.probabilities ?? []).map(percent),
      p.file,
    ]),
  ];
  const first = labels ? 2 : 0;
  const numbers = [...(rows[0] ?? []).keys()].filter((i) => i >= first && i < (rows[0] ?? []).length - 1);
  return { rows, right: numbers.filter((i) => i >= first + 2 * top || (i - first) % 2 === 1) };
};

const quoted = (value: string): string => (/[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const line = (values: readonly string[]): string => `${values.map(quoted).join(',')}\n`;

/** The heading of the CSV (RFC 4180). */
export const csvHeading = ({ classes, top, labels, probabilities }: Shown): string =>
  line([
    'file',
    'class',
    'probability',
    'margin',
    ...(labels ? ['label'] : []),
    ...Array.from({ length: top - 1 }, (_, i) => [`class_${i + 2}`, `probability_${i + 2}`]).flat(),
    ...(probabilities ? classes.map((name) => `p(${name})`) : []),
  ]);

/** A prediction as a line of CSV. */
export const csvLine = (p: Kept, { labels }: Shown): string => {
  const [first, ...others] = p.top;
  return line([
    p.file,
    first?.class ?? '',
    String(first?.probability ?? ''),
    String(p.margin),
    ...(labels ? [p.label ?? ''] : []),
    ...others.flatMap((one) => [one.class, String(one.probability)]),
    ...(p.probabilities ?? []).map(String),
  ]);
};

/** A prediction as JSON has it. */
export const jsonOf = ({ file, top, margin, label, probabilities }: Kept, { classes, ...shown }: Shown) => ({
  file,
  class: top[0]?.class ?? '',
  probability: top[0]?.probability ?? null,
  margin,
  ...(shown.labels ? { label } : {}),
  ...(shown.top > 1 ? { top } : {}),
  ...(probabilities === undefined
    ? {}
    : { probabilities: Object.fromEntries(classes.map((name, c) => [name, probabilities[c] ?? null])) }),
});
