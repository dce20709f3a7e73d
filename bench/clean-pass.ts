// What a mixup network gains when its running statistics see clean images as well. The public code of mixup-drw runs
// each clean batch too, before the mixed one, for the accuracy that it prints; that pass changes nothing else.
// node --import tsx bench/clean-pass.ts <run> [--data <its images>] [--passes 97] [--draws 3]
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { batchToTensors, expandAugment, parseAugment } from '../src/augment/index.js';
import { table } from '../src/cli/format.js';
import { stream } from '../src/data/index.js';
import { test } from '../src/loop/index.js';
import { mean } from '../src/measure/index.js';
import { recalibrate } from '../src/nn/index.js';
import { openRun, rankGroups, scores } from '../src/run/index.js';
import { open, reopen } from '../src/session/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string' }, passes: { type: 'string' }, draws: { type: 'string' } },
});
const count = (usual: number) => z.coerce.number().int().positive().default(usual);
const { data, passes, draws } = z
  .object({ data: z.string().optional(), passes: count(97), draws: count(3) })
  .parse(values);
const [run = ''] = positionals;

const folder = openRun(run);
const { dataset, plan } = await reopen(folder, { data });
const { batchSize } = plan;
const model = open(run);
const { store } = model.model;
const classes = dataset.classes.length;
const counts = dataset.counts.train;

/** Training batches, their images changed as the label says. */
const batches = (label: string, seed: number) => {
  const augment = parseAugment(expandAugment(label, { usual: dataset.augment }));
  const bytes = stream(dataset.train, { sampling: 'instance', batchSize, classes, augment, seed, name: label });
  const toTensors = batchToTensors({ ...dataset.train, ...dataset }, { augment, counts });
  return () => toTensors(bytes.next(), { training: true, knobs: model.knobs }).images;
};

/** Test accuracy in percent: of all classes, and of the largest, middle and smallest. */
const tested = async (): Promise<number[]> => {
  const pass = test(model.model, dataset.test, { data: dataset, batchSize, knobs: model.knobs });
  let next = await pass.next();
  while (!next.done) next = await pass.next();
  const [one] = next.value;
  if (one === undefined) throw new Error('Cannot test: the network gave no answer');
  const { meanPerClassAccuracy, perClassAccuracy } = scores(one.confusion);
  const { head, middle, tail } = rankGroups(perClassAccuracy, counts);
  return [meanPerClassAccuracy, head ?? 0, middle ?? 0, tail ?? 0].map((share) => 100 * share);
};

/** Measures the statistics anew on these batches in turn, several times, and tests. */
const measured = async (labels: readonly string[]): Promise<string[]> => {
  const found: number[][] = [];
  for (let seed = 1; seed <= draws; seed++) {
    const draw = labels.map((label) => batches(label, seed));
    const total = passes * labels.length;
    recalibrate(store, {
      passes: total,
      pass: (i) => {
        const images = draw[i % draw.length]?.();
        if (images !== undefined) model.model.answers(images, { training: true, knobs: model.knobs }, [model.at]);
      },
    });
    found.push(await tested());
  }
  const all = found.map(([accuracy = 0]) => accuracy);
  const [accuracy = 0, ...groups] = [0, 1, 2, 3].map((i) => mean(found.map((one) => one[i] ?? 0)));
  const range = `${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)}`;
  return [accuracy.toFixed(2), range, ...groups.map((group) => group.toFixed(1))];
};

const trained = await tested();
const [accuracy = 0, ...groups] = trained;
const MIXED = plan.augment;
const CLEAN = 'default';
const rows = [
  ['statistics of', 'accuracy', 'range', 'head', 'middle', 'tail'],
  ['the training', accuracy.toFixed(2), '', ...groups.map((group) => group.toFixed(1))],
  [`${passes} mixed batches`, ...(await measured([MIXED]))],
  [`${passes} clean and mixed batches in turn`, ...(await measured([CLEAN, MIXED]))],
  [`${passes} clean batches`, ...(await measured([CLEAN]))],
];
console.log(table(rows, { right: [1, 2, 3, 4, 5] }));
model.dispose();
