import { join } from 'node:path';
import { type Dataset, type DatasetPlan, leftOutTexts, type Skipped } from '../data/index.js';
import { shortName } from '../label/index.js';
import { writeAtomic } from '../run/atomic.js';

/** Data as they are reported: planned, or loaded. */
type Told = Omit<DatasetPlan, 'load' | 'check' | 'same'> & { readonly skipped?: readonly Skipped[] };

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const grouped = (n: number): string => n.toLocaleString('en-US');

/** In words, how a long tail was made: nothing where images are as imbalanced as they were. */
export const thinnedText = ({
  counts,
  available,
  tail,
  account,
}: Pick<DatasetPlan, 'counts' | 'available' | 'tail' | 'account'>): string => {
  const held = account?.parts?.valid === undefined ? sum(counts.valid) : 0;
  const [used, all] = [sum(counts.train) + held, sum(available)];
  if (used >= all) return '';
  return (
    `${grouped(used)} of ${grouped(all)} training images are used: thinned out to a long tail (${tail.imbalance}, ` +
    `ratio ${tail.imbalanceRatio}); --imbalance natural uses all`
  );
};

/** So many classes are named with their images; of more, the largest and the smallest are. */
const NAMED = 12;

/** `ant 24, bee 16, cow 8`. */
const classesText = ({ classes, counts }: Pick<Told, 'classes' | 'counts'>): string => {
  const named = classes.map((name, c) => ({ name: shortName(name), n: counts.train[c] ?? 0 }));
  const list = (some: typeof named): string => some.map(({ name, n }) => `${name}: ${grouped(n)}`).join(', ');
  if (named.length <= NAMED) return `images to train on by class: ${list(named)}`;
  const sorted = named.toSorted((a, b) => b.n - a.n);
  const half = NAMED / 2;
  return `images to train on by class: ${list(sorted.slice(0, half))}, …, ${list(sorted.slice(-half))}`;
};

/** Where parts come from, where a folder has any. */
const partsText = ({ account, testShare }: Pick<Told, 'account' | 'testShare'>): string[] => {
  const { train, valid, test } = account?.parts ?? {};
  const plain = train === 'train' && valid === undefined && (test === undefined || test === 'test');
  const at = [
    ...(train === undefined || train === '.' ? [] : [`to train on from ${shortName(train)}`]),
    ...(valid === undefined ? [] : [`to validate from ${shortName(valid)}`]),
    ...(test === undefined ? [] : [`to test from ${shortName(test)}`]),
  ];
  return [
    ...(account?.archive === undefined ? [] : [`images are read from a ${account.archive} file, without unpacking it`]),
    ...(plain || at.length === 0 ? [] : [`images ${at.join(', ')}`]),
    ...(testShare === undefined
      ? []
      : [
          `there are no separate test images: ${Math.round(100 * testShare)} % of each class are set aside for the ` +
            'test (--test-share)',
        ]),
  ];
};

/** In words, what a run learns from, and what it leaves out. */
export const dataTexts = (data: Told): string[] => {
  const { name, classes, counts, skipped = [], account, notes = [] } = data;
  const [most, least] = [Math.max(...counts.train), Math.min(...counts.train)];
  const thinned = thinnedText({
    ...data,
    // What cannot be read is no matter of the tail.
    available: skipped.length > 0 && data.tail.imbalance === 'natural' ? [] : data.available,
  });
  return [
    `data: ${shortName(name)}, ${classes.length} classes; ${grouped(sum(counts.train))} images to train on ` +
      `(${grouped(most)} of the largest class, ${grouped(least)} of the smallest), ${grouped(sum(counts.valid))} to ` +
      `validate, ${grouped(sum(counts.test))} to test`,
    classesText(data),
    ...partsText(data),
    ...(thinned === '' ? [] : [thinned]),
    ...leftOutTexts(account?.leftOut ?? []),
    ...(skipped.length === 0
      ? []
      : [`left out ${grouped(skipped.length)} unreadable ${skipped.length === 1 ? 'image' : 'images'} (skipped.json)`]),
    ...leftOutTexts(account?.warned ?? [], { done: 'used' }),
    ...notes,
  ];
};

/** In words, how images to train on are changed. augment: a label that is spelled out */
export const augmentText = (augment: string): string =>
  augment === 'none'
    ? 'images to train on are not changed, these data have no usual augmentation; --augment names one'
    : `images to train on are changed by ${augment}`;

/** Names in a run's folder every image that it could not read, and nearly equal ones; no file where there is none. */
export const writeLists = (dir: string, { skipped, near = [] }: Pick<Dataset, 'skipped' | 'near'>): void => {
  const lists = { 'skipped.json': skipped, 'near-duplicates.json': near };
  for (const [name, list] of Object.entries(lists))
    if (list.length > 0) writeAtomic(join(dir, name), `${JSON.stringify(list, null, 2)}\n`);
};
