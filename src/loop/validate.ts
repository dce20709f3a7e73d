import { z } from 'zod';
import type { Dataset } from '../data/index.js';
import { alone, type Group } from '../group/index.js';
import { requireFiniteLoss } from '../learn/index.js';
import type { Model } from '../net/index.js';
import type { Knobs } from '../nn/index.js';
import { scores } from '../run/index.js';
import { answersOf, type Tested, test } from './evaluate.js';
import type { Epoch } from './phase.js';

/** As text: JSON knows no numbers that are not finite. */
const parts = z.array(z.object({ loss: z.string(), confusion: z.array(z.array(z.number())) }));

/** The sums over what every process found on its batches, in the order of ranks. */
const together = (own: readonly Tested[], group: Group): readonly Tested[] => {
  if (group.size === 1) return own;
  const said = group.texts(JSON.stringify(own.map(({ loss, confusion }) => ({ loss: String(loss), confusion }))));
  const all = said.map((text) => parts.parse(JSON.parse(text)));
  return own.map((result, k) => ({
    ...result,
    loss: all.reduce((sum, part) => sum + Number(part[k]?.loss), 0),
    confusion: result.confusion.map((row, i) =>
      row.map((_, j) => all.reduce((sum, part) => sum + (part[k]?.confusion[i]?.[j] ?? 0), 0)),
    ),
  }));
};

/**
 * The validation part of an epoch's record; yields how many images are done. Its first setting is one figure that can
 * be followed over all epochs, whatever the knobs in training. Several processes take a batch each in turn.
 */
export async function* validate(
  model: Model,
  {
    dataset,
    batchSize,
    knobs,
    epoch,
    group = alone,
  }: { dataset: Dataset; batchSize: number; knobs: Knobs; epoch: number; group?: Group },
): AsyncGenerator<number, Pick<Epoch, 'validLoss' | 'validAccuracy' | 'perClassAccuracy' | 'answers'>> {
  if (dataset.valid.labels.length === 0)
    return { validLoss: null, validAccuracy: null, perClassAccuracy: null, answers: null };
  // Of the size that a step's share has: what there is memory for.
  const size = batchSize / group.size;
  const results = together(
    yield* test(model, dataset.valid, { data: dataset, batchSize: size, knobs, share: group }),
    group,
  );
  const [followed] = results;
  if (followed === undefined) throw new Error('Cannot validate: the pass gave no result');
  for (const { loss } of results) requireFiniteLoss(loss, 'validation', { epoch });
  const { accuracy, perClassAccuracy } = scores(followed.confusion);
  return { validLoss: followed.loss, validAccuracy: accuracy, perClassAccuracy, answers: answersOf(results) };
}
