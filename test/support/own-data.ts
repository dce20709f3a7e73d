import { type LoadedFit, type LoadedRun, sum } from '../../src/measure/index.js';
import { type Evaluation, type RunPictures, rankGroups, scores, shotGroups } from '../../src/run/index.js';
import { fakeRun, fakeTraining } from './fake-runs.js';

/** Names as people have them: one that is long, one that is no letters, one that would be markup. */
export const OWN_CLASSES = [
  'robin',
  'great spotted woodpecker of the northern forests',
  'wren',
  '<b>tit & co</b>',
  'crow',
  '日本の鳥',
  'owl',
  'stork',
  'heron',
  'kite',
];

/** One red pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC';

const pictures: RunPictures = {
  format: 1,
  imageSize: 32,
  augment: 'crop(4) + flip + mixup(0.4)',
  seen: OWN_CLASSES.map((name) => ({
    png: PIXEL,
    classes: [
      { name, share: 0.7 },
      { name: 'robin', share: 0.3 },
    ],
  })).reverse(),
  mistakes: OWN_CLASSES.slice(-8)
    .map((name, i) => ({
      ...{ name, trainImages: 400 - 40 * i, testImages: 40, mistaken: 12 },
      shown: [0, 1, 2].map((index) => ({
        ...{ png: PIXEL, index, answer: 'robin', probability: 0.9 - index / 10, ofTruth: 0.001 },
      })),
    }))
    .reverse(),
};

/** Test images of a class, in a test part as imbalanced as the training images. */
const TEST = OWN_CLASSES.map((_, c) => Math.max(3, Math.round(200 * 0.6 ** c)));

const evaluationOf = ({ confusion, ...rest }: Evaluation, trainCounts: readonly number[]): Evaluation => {
  const own = confusion.map((row, c) => {
    const n = TEST[c] ?? 0;
    const right = Math.round((n * (row[c] ?? 0)) / sum(row));
    return row.map((_, p) => (p === c ? right : p === (c === 0 ? 1 : 0) ? n - right : 0));
  });
  const found = scores(own);
  return {
    ...rest,
    ...found,
    confusion: own,
    shots: shotGroups(found.perClassAccuracy, trainCounts),
    ranks: rankGroups(found.perClassAccuracy, trainCounts),
  };
};

/** A run as if it were of a folder of birds: ten classes, an imbalanced test, two files that could not be read. */
export const onOwnData = (run: LoadedRun): LoadedRun => {
  const { info, evaluation } = run;
  const { train, valid } = info.data.counts;
  const isTraining = info.experiment.kind !== 'search';
  return {
    ...run,
    ...(isTraining ? { pictures } : {}),
    evaluation: evaluation && evaluationOf(evaluation, train),
    info: {
      ...info,
      ...(isTraining ? { size: { weights: 1_234_567, multiplyAdds: 12_345_678 } } : {}),
      data: {
        ...info.data,
        ...{ spec: 'birds', name: 'birds', classes: OWN_CLASSES, counts: { train, valid, test: TEST } },
        available: train.map((n, c) => n + (valid[c] ?? 0) + (c < 2 ? 1 : 0)),
        request: { spec: 'birds', imbalance: 'natural', imbalanceRatio: 100 },
        skipped: ['birds/train/robin/broken.jpg', 'birds/train/wren/empty <x>.jpg'],
      },
    },
  };
};

/** A finished fit on the same birds. */
export const fakeFit = (): LoadedFit => {
  const part = { what: 'any', values: {}, expectedSeconds: 1 };
  const search = fakeRun({ name: 'darts', label: 'DARTS', seed: 0, epochs: 4, bilateral: false });
  const network = fakeTraining({ name: 'train-darts', label: 'darts', seed: 0, epochs: 4 });
  const random = fakeTraining({ name: 'train-random', label: 'random', seed: 1, epochs: 2 });
  const resnet = fakeTraining({ name: 'train-resnet-20', label: 'resnet(20)', seed: 2, epochs: 1, cells: false });
  return {
    path: 'birds-fit',
    plan: {
      ...{ format: 1, budgetSeconds: 1800, seed: 0, device: 'cpu', threads: 2, nodes: 4 },
      ...{ data: { spec: 'birds' }, fingerprint: 'fake', command: ['tailnas', 'fit', '--data', 'my birds'] },
      parts: { search: part, network: part, random: part, resnet: part },
    },
    parts: {
      search: onOwnData(search),
      network: onOwnData(network),
      random: onOwnData(random),
      resnet: onOwnData(resnet),
    },
  };
};
