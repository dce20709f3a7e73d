import { matchClasses, parentName } from '../data/index.js';
import { didYouMean } from '../label/index.js';
import { scores } from '../run/index.js';
import { classTable } from './class-table.js';
import { grouped, listing, percent, plural, strong } from './format.js';
import { UsageError } from './usage.js';

export const labelSources = ['auto', 'parent', 'none'] as const;
export type LabelSource = (typeof labelSources)[number];

/** The classes that images belong to, by the folders that they lie in. */
export interface KnownLabels {
  /** The name of an image's folder, and its index among the run's classes, or −1. */
  of(file: string): { readonly name: string; readonly index: number };
  /** How the labels were found, for people. */
  readonly told: string;
}

/**
 * Whether the classes of images are known, and which they are: an image's class is the name of its folder. By default
 * this is assumed if more than half of the folders are named like classes. Throws a UsageError where labels are asked
 * for and no folder is.
 */
export const knownLabels = (
  files: readonly string[],
  { classes, source }: { classes: readonly string[]; source: LabelSource },
): KnownLabels | undefined => {
  if (source === 'none') return undefined;
  const folders = [...new Set(files.map(parentName))];
  const places = matchClasses(folders, classes);
  const known = places.filter((place) => place !== -1).length;
  if (source === 'parent' && known === 0)
    throw new UsageError(
      `--labels parent needs folders named like classes of the run (${classes.slice(0, 12).join(', ')}): the images ` +
        `lie in ${folders.slice(0, 12).join(', ')}; leave it out to predict without labels`,
    );
  if (source === 'auto' && known <= folders.length / 2) return undefined;
  const indices = new Map(folders.map((name, i) => [name, places[i] ?? -1]));
  const which =
    known < folders.length ? `${known} of ${folders.length} are` : folders.length === 1 ? 'it is' : 'all are';
  return {
    of: (file) => {
      const name = parentName(file);
      return { name, index: indices.get(name) ?? -1 };
    },
    told:
      `labels are the names of the images' folders: ${which} named like classes of the run` +
      (source === 'auto' ? ' (--labels none: no labels)' : ''),
  };
};

/** How predictions and labels agree. */
export interface Agreement {
  add(label: { readonly name: string; readonly index: number }, predicted: string): void;
  readonly unknown: readonly { readonly name: string; readonly images: number }[];
  /** [true class][predicted class], images */
  readonly confusion: readonly (readonly number[])[];
}

export const agreement = (classes: readonly string[]): Agreement => {
  const confusion = classes.map(() => classes.map(() => 0));
  const places = new Map(classes.map((name, c) => [name, c]));
  const unknown = new Map<string, number>();
  return {
    confusion,
    get unknown() {
      return [...unknown].map(([name, images]) => ({ name, images }));
    },
    add: ({ name, index }, predicted) => {
      const row = confusion[index];
      const column = places.get(predicted);
      if (row === undefined) unknown.set(name, (unknown.get(name) ?? 0) + 1);
      else if (column !== undefined) row[column] = (row[column] ?? 0) + 1;
    },
  };
};

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** A class that the run does not know, and what to do. */
export const unknownText = (
  { name, images }: { name: string; images: number },
  { classes, done }: { classes: readonly string[]; done: string },
): string =>
  `"${name}" is not a class of the run: its ${plural(images, 'image')} ${images === 1 ? 'is' : 'are'} ${done};` +
  `${didYouMean(name, classes) || ` train again with it to recognise it`}`;

/** What the class table has, as data. */
export const agreementRecord = (
  { confusion, unknown }: Agreement,
  { classes, trainCounts }: { classes: readonly string[]; trainCounts: readonly number[] },
) => {
  const images = sum(confusion.map(sum));
  const { accuracy, meanPerClassAccuracy, perClassAccuracy } = scores(confusion);
  return {
    images,
    meanPerClassAccuracy: images === 0 ? null : meanPerClassAccuracy,
    accuracy: images === 0 ? null : accuracy,
    classes: classes.map((name, c) => ({
      class: name,
      trainedOn: trainCounts[c] ?? 0,
      images: sum(confusion[c] ?? []),
      right: confusion[c]?.[c] ?? 0,
      recall: perClassAccuracy[c] ?? null,
    })),
    confusion,
    unknown,
  };
};

/** How the images with known classes are answered: both accuracies, and the class table. */
export const agreementText = (record: ReturnType<typeof agreementRecord>): string => {
  const right = sum(record.classes.map((c) => c.right));
  const of = { classes: record.classes.map((c) => c.class), trainCounts: record.classes.map((c) => c.trainedOn) };
  return [
    listing([
      ['mean per-class accuracy', strong(percent(record.meanPerClassAccuracy))],
      ['accuracy', `${percent(record.accuracy)}  (${grouped(right)} of ${plural(record.images, 'image')})`],
    ]),
    classTable(record, of, { all: true, tested: true }),
  ].join('\n\n');
};
