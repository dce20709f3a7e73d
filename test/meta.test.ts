import { beforeAll, describe, expect, it, vi } from 'vitest';
import { expandAugment } from '../src/augment/index.js';
import { experiments, networkOf, type Plan, training, type Values } from '../src/experiment/index.js';
import { losses } from '../src/loss/index.js';
import { classifiers } from '../src/net/index.js';
import { relaxations } from '../src/space/index.js';
import { add, liveTensors, ones, scope, Tensor } from '../src/tensor/index.js';
import { loadMeta } from './support/meta.js';
import { rest, tinyDataset, tinyPlan, tinyRun } from './support/tiny.js';

// libtorch's meta device has shapes and no numbers. What is made on the CPU where the network is elsewhere meets a
// tensor of that device somewhere in a run, and the operator throws: so this finds on any machine what a GPU would.

vi.mock('../src/tensor/index.js', async (original) => {
  const actual = await original<typeof import('../src/tensor/index.js')>();
  return {
    ...actual,
    useDevice: () => {},
    // Nothing can be copied out of it: where a number is asked for, any will do.
    to: (x: Tensor, options: Parameters<typeof actual.to>[1]) =>
      x.device === 'meta' && options.device === 'cpu'
        ? actual.ones(x.shape, { dtype: options.dtype ?? x.dtype })
        : actual.to(x, options),
  };
});

beforeAll(() => {
  loadMeta();
  const data = Tensor.prototype.data;
  vi.spyOn(Tensor.prototype, 'data').mockImplementation(function (this: Tensor) {
    if (this.device !== 'meta') return data.call(this);
    const n = this.shape.reduce((a, b) => a * b, 1);
    return this.dtype === 'int64' ? new BigInt64Array(n).fill(1n) : new Float64Array(n).fill(1);
  });
}, 600_000);

/** A whole run: every phase, its validation and records, and the test. */
const carryOut = async (plan: Plan): Promise<void> => {
  const dataset = { ...tinyDataset(), augment: expandAugment(plan.augment, { usual: 'crop(1) + flip' }) };
  const live = tinyRun(plan.phases, { dataset, device: 'meta', steps: 1 });
  try {
    const events = await rest(live);
    expect(events.length).toBeGreaterThan(2);
    const pass = live.evaluate();
    for (let next = await pass.next(); !next.done; next = await pass.next());
  } finally {
    live.dispose();
  }
};

const SMALLER: Readonly<Record<string, Values>> = {
  'p-darts': { epochs: 3, layers: 3 },
  'darts-plus': { layers: 3 },
  'random-ws': { candidates: 4 },
  evolution: { candidates: 6, population: 3 },
  enas: { candidates: 4 },
  'imb-nas': { candidates: 6, population: 3, headEpochs: 1 },
};

describe('every pass of a run makes its tensors where the network is', () => {
  it('or an operator throws', () =>
    scope(() => expect(() => add(ones([2], { device: 'meta' }), ones([2]))).toThrow(/at least two devices/)));

  it.each(experiments.names())('search: %s', async (name) => {
    const before = liveTensors();
    await carryOut(tinyPlan(SMALLER[name] ?? {}, name));
    expect(liveTensors()).toBe(before);
  });

  it.each([
    ...relaxations.names().map((relax): [string, Values] => ['darts', { relax }]),
    ['darts', { order: 2 }],
    ['hls', { order: 2 }],
    ['darts', { archOptimizer: 'sgd', partial: 2, perturbation: 'constant(0.1)', eigenvalue: 1 }],
    ['darts', { auxiliarySkip: 'linear(1, 0)', loss: 'balanced-softmax' }],
  ] satisfies [string, Values][])('search: %s with %j', async (name, values) => {
    await carryOut(tinyPlan(values, name));
  });

  const CLASSIFIER: Readonly<Record<string, string>> = { ldam: 'cosine', 'dot-regression': 'etf' };
  it.each([
    ['resnet(8)', {}],
    ['darts-v2', { layers: 3, auxiliary: 0.4, dropPath: 0.2, cutout: 2 }],
    ['two heads', { layers: 3, bilateral: true, auxiliary: 0, cutout: 2 }],
    ['resnet(8)', { sam: 0.05 }],
    ...losses.names().map((loss): [string, Values] => {
      const classifier = CLASSIFIER[loss];
      return ['resnet(8)', { loss, reweight: 'constant(1)', ...(classifier === undefined ? {} : { classifier }) }];
    }),
    ...classifiers.names().map((classifier): [string, Values] => ['resnet(8)', { classifier }]),
    ...['mixup(1)', 'remix(1, 3, 0.5)', 'cutmix(1, 1)', 'cmo(1, 1)', 'cutout(2)'].map((augment): [string, Values] => [
      'resnet(8)',
      { augment },
    ]),
    ...['crt', 'lws', 'lws(0.5)', 'tau'].map((stage): [string, Values] => [
      'resnet(8)',
      { stage, classifierStage: stage === 'tau' ? 0 : 1 },
    ]),
  ] satisfies [string, Values][])('training: %s with %j', async (name, values) => {
    const openRun = (): never => {
      throw new Error('no run is read');
    };
    const read = (what: string) => networkOf(what, { seed: 0, openRun });
    const { genotypes } = read('darts-v2');
    const normal = genotypes?.['backbone']?.normal;
    const heads = normal === undefined ? {} : { instance: { normal }, class: { normal } };
    const network = name === 'two heads' ? { name, genotypes: { ...genotypes, ...heads } } : read(name);
    await carryOut(training(network).with({ epochs: 1, batchSize: 4, channels: 4, recipe: 'plain', ...values }));
  });
});
