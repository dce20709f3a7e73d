import { setImmediate } from 'node:timers/promises';
import { batchToTensors } from '../augment/index.js';
import type { Dataset, ImageSet } from '../data/index.js';
import { type Learner, requireFiniteLoss } from '../learn/index.js';
import type { Model } from '../net/index.js';
import type { Knobs } from '../nn/index.js';
import { type Answers, bestAnswer, type Evaluation, rankGroups, scores, shotGroups } from '../run/index.js';
import { argmax, crossEntropy, noGrad, scope, type Tensor } from '../tensor/index.js';
import { type Mistaken, mistakeList } from './mistakes.js';
import { expectedAccuracy, logShift, type NamedPrior, shifted, testPriors, underPriors } from './priors.js';

/** What one reading of the logits of a set comes to. */
interface Read {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** [true class][predicted class], images. */
  readonly confusion: number[][];
}

/** What one pass over a set comes to, at one setting of the network. */
export interface Tested extends Read {
  readonly at: Knobs;
  /** The same with something added to the logits, for each of `shifts`. */
  readonly shifted: readonly Read[];
  /** The most confident mistakes of each class, as many as were asked for. */
  readonly mistakes: readonly Mistaken[];
}

/** What testing has to know of the data. */
type About = Pick<Dataset, 'classes' | 'mean' | 'std'>;

/** How a set is tested. */
interface TestOptions {
  readonly data: About;
  readonly batchSize: number;
  readonly at?: readonly Knobs[] | undefined;
  /** What is added to the logits of a setting, [classes] each, to be scored beside them as they are. */
  readonly shifts?: ((at: Knobs) => readonly (readonly number[])[]) | undefined;
  /** How many mistakes of each class are kept; none unless said. */
  readonly mistakes?: number;
  /** The schedules' values that the network was trained with last, for what of it depends on them. */
  readonly knobs?: Knobs | undefined;
  /** Of so many processes, the one that takes every such batch: what comes out is then its part of the sums. */
  readonly share?: { readonly rank: number; readonly size: number };
}

const WHOLE = { rank: 0, size: 1 };

const freshReading = (classes: number) => ({
  loss: 0,
  confusion: Array.from({ length: classes }, () => new Array<number>(classes).fill(0)),
});

/** Adds a batch's logits to a reading. Returns the classes that they answer with. */
const addBatch = (
  into: ReturnType<typeof freshReading>,
  { logits, labels, truth }: { logits: Tensor; labels: Int32Array; truth: Tensor },
): number[] => {
  const answers = argmax(logits, { dim: 1 }).toArray();
  for (const [i, predicted] of answers.entries()) {
    const row = into.confusion[labels[i] ?? 0];
    if (row !== undefined) row[predicted] = (row[predicted] ?? 0) + 1;
  }
  into.loss += crossEntropy(logits, truth, { reduction: 'sum' }).item();
  return answers;
};

/**
 * Tests a network on every image of a set, unaugmented, with the running statistics of its batch norms. Yields how many
 * images are done after each batch, so that the caller can show progress or stop. Returns one result for each setting
 * that the network answers at, all from one pass.
 */
export async function* test(
  model: Model,
  set: ImageSet,
  {
    data,
    batchSize,
    at = model.settings,
    shifts = () => [],
    mistakes: most = 0,
    knobs = {},
    share = WHOLE,
  }: TestOptions,
): AsyncGenerator<number, Tested[]> {
  const classes = data.classes.length;
  const toTensors = batchToTensors({ ...set, mean: data.mean, std: data.std }, model.store);
  const size = set.height * set.width * set.channels;
  const results = at.map((setting) => ({
    at: setting,
    plain: freshReading(classes),
    mistakes: mistakeList(set, { classes, most }),
    shifted: shifts(setting).map((shift) => ({ shift, reading: freshReading(classes) })),
  }));
  for (let start = share.rank * batchSize; start < set.labels.length; start += share.size * batchSize) {
    const end = Math.min(start + batchSize, set.labels.length);
    const labels = Int32Array.from(set.labels.subarray(start, end));
    scope(() =>
      noGrad(() => {
        const batch = toTensors({ images: set.images.subarray(start * size, end * size), labels });
        for (const [k, { logits }] of model.answers(batch.images, { training: false, knobs }, at).entries()) {
          const result = results[k];
          const truth = batch.targets[0]?.labels;
          if (result === undefined || truth === undefined) continue;
          const predicted = addBatch(result.plain, { logits, labels, truth });
          result.mistakes.add(logits, { predicted, start });
          for (const { shift, reading } of result.shifted)
            addBatch(reading, { logits: shifted(logits, shift), labels, truth });
        }
      }),
    );
    yield end;
    await setImmediate();
  }
  const mean = ({ loss, confusion }: Read): Read => ({ loss: loss / set.labels.length, confusion });
  return results.map(({ at: setting, plain, shifted, mistakes }) => ({
    at: setting,
    ...mean(plain),
    mistakes: mistakes.all(),
    shifted: shifted.map(({ reading }) => mean(reading)),
  }));
}

/** The results of `test` as records keep them; null where there is but one. */
export const answersOf = (results: readonly Tested[]): Answers | null =>
  results.length < 2 ? null : results.map(({ at, loss, confusion }) => ({ at, loss, ...scores(confusion) }));

/** What a network is tested on, and under which class prior. */
export interface EvaluateOptions {
  readonly dataset: Pick<Dataset, 'classes' | 'mean' | 'std' | 'counts' | 'valid' | 'test'>;
  readonly batchSize: number;
  readonly at?: readonly Knobs[] | undefined;
  /** The schedules' values that the network was trained with last; none unless said. */
  readonly knobs?: Knobs | undefined;
  /** Epochs that are done, for messages. */
  readonly epoch?: number;
  readonly assumes?: Learner['assumes'];
  /** Adjusts the logits to this prior; they are taken as they are unless it is given. */
  readonly prior?: NamedPrior | undefined;
  /** Is given the most confident mistakes on the test images at the setting that is reported, `most` of each class. */
  readonly onMistakes?: { readonly most: number; take(mistakes: readonly Mistaken[]): void } | undefined;
}

/**
 * Tests a network on the test split, and yields how many images are done. A network that answers at several settings is
 * tested at all of them on the validation split as well; what is reported is the one that does best there, by mean
 * per-class accuracy, or by the accuracy to be expected under `prior`: choosing it on the test split would flatter.
 * Without validation images it is the first. What is to be expected under other class priors stands beside it, with the
 * logits as they are and adjusted to each (see `logShift`). Throws a RangeError when `at` is empty, and a DivergedError
 * when the network's loss is not finite.
 */
export async function* evaluate(
  model: Model,
  options: EvaluateOptions,
): AsyncGenerator<{ done: number; total: number }, Evaluation> {
  const { dataset, batchSize, at = model.settings, epoch = 0, prior, onMistakes, knobs = {} } = options;
  const { assumes = () => dataset.counts.train } = options;
  const assumedAt = (setting: Knobs) => assumes(setting, knobs);
  const known = at.every((setting) => assumedAt(setting) !== undefined);
  const priors = known || prior !== undefined ? testPriors(dataset.counts.train, prior) : [];
  const shifts = (setting: Knobs) => priors.map((to) => logShift({ from: assumedAt(setting), to: to.prior }));
  const choose = at.length > 1 && dataset.valid.labels.length > 0;
  const sets = choose ? [dataset.valid, dataset.test] : [dataset.test];
  const total = sets.reduce((sum, set) => sum + set.labels.length, 0);
  let before = 0;
  const passes: Tested[][] = [];
  for (const set of sets) {
    const mistakes = set === dataset.test ? (onMistakes?.most ?? 0) : 0;
    const pass = test(model, set, { data: dataset, batchSize, at, shifts, mistakes, knobs });
    let next = await pass.next();
    for (; !next.done; next = await pass.next()) yield { done: before + next.value, total };
    before += set.labels.length;
    for (const { loss } of next.value) requireFiniteLoss(loss, set === dataset.test ? 'test' : 'validation', { epoch });
    passes.push(next.value);
  }
  // Under a prior that was asked for, all that is reported is of logits adjusted to it.
  const place = priors.findIndex(({ name }) => name === prior?.name);
  const asked = (of: readonly Tested[]): Tested[] => of.map((one) => ({ ...one, ...one.shifted[place] }));
  const unadjusted = passes.at(-1) ?? [];
  const tested = asked(unadjusted);
  const judged = choose ? asked(passes[0] ?? []) : [];
  const [valid, test_] = [answersOf(judged), answersOf(tested)];
  const scored: readonly { readonly meanPerClassAccuracy: number }[] | null =
    prior === undefined || valid === null
      ? valid
      : judged.map((one) => ({ meanPerClassAccuracy: expectedAccuracy(one.confusion, prior.prior) }));
  const chosen = scored === null ? 0 : scored.indexOf(bestAnswer(scored));
  const result = tested[chosen];
  if (result === undefined) throw new RangeError('Cannot evaluate: there must be at least 1 setting, got none');
  const { at: setting, loss, confusion } = result;
  onMistakes?.take(result.mistakes);
  const found = scores(confusion);
  const plain = unadjusted[chosen] ?? result;
  const adjusted = plain.shifted.map((read) => read.confusion);
  const trainCounts = dataset.counts.train;
  const assumed = assumedAt(setting);
  return {
    split: 'test',
    at: setting,
    loss,
    ...found,
    confusion,
    shots: shotGroups(found.perClassAccuracy, trainCounts),
    ranks: rankGroups(found.perClassAccuracy, trainCounts),
    answers: valid === null || test_ === null ? null : { valid, test: test_ },
    ...(assumed === undefined || priors.length === 0
      ? {}
      : { priors: underPriors({ ...plain, adjusted }, { priors, assumed }) }),
  };
}
