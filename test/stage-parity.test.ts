import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { training } from '../src/experiment/index.js';
import { assumedPrior, type Context, type Learner, plainObjective, supervised } from '../src/learn/index.js';
import { evaluate, type NamedPrior } from '../src/loop/index.js';
import { balancedSoftmax, crossEntropyLoss } from '../src/loss/index.js';
import { CLASSIFIER, type Model, plainModel, resnet, SCALE } from '../src/net/index.js';
import { ParameterStore, testing } from '../src/nn/index.js';
import type { Evaluation } from '../src/run/index.js';
import { inPlace, narrow, noGrad, scope, tensor } from '../src/tensor/index.js';
import { compare, maxAbs, weightsOf } from './support/compare.js';
import {
  digest,
  fillWeights,
  given,
  matrix,
  noise,
  noiseTensor,
  readJson,
  sizes,
  trainBatch,
} from './support/fixtures.js';
import { tinyDataset } from './support/tiny.js';

const named = z.array(z.object({ name: z.string(), shape: z.array(z.number()) }));
const steps = z.array(z.object({ lr: z.number(), loss: z.number(), gradNorm: z.number() }));
const stage = z.object({
  steps,
  classifier: z.array(z.array(z.number())),
  scale: z.array(z.number()).nullable(),
  buffers: z.array(digest),
  logits: matrix,
});
const content = sizes.pick({ channels: true, classes: true, inChannels: true, batch: true, size: true }).extend({
  blocks: z.number(),
  momentum: z.number(),
  weightDecay: z.number(),
  clip: z.number(),
  weights: named,
  buffers: named,
  crt: stage,
  lws: stage,
  lwsHalf: stage,
  tau: z.array(z.object({ tau: z.number(), logits: matrix })),
  prior: z.object({
    counts: z.array(z.number()),
    tested: z.number(),
    shares: z.record(z.string(), z.array(z.number())),
    expected: z.array(z.object({ test: z.string(), unadjusted: z.number(), adjusted: z.number(), loss: z.number() })),
  }),
  sam: z.object({ rho: z.number(), steps, weights: z.array(digest), buffers: z.array(digest) }),
});

/** What bench/pytorch/stage_fixtures.py made; it says what is in it. */
const f = content.parse(readJson('stage'));
const fixture = { ...f, edges: [] };
const DEPTH = 6 * f.blocks + 2;
const TIGHT = 1e-9;
const relative = (ours: number, theirs: number): number => Math.abs(ours - theirs) / Math.abs(theirs);

const context: Context & { dtype: 'float64' } = {
  classes: f.classes,
  inputChannels: f.inChannels,
  imageSize: f.size,
  counts: f.prior.counts,
  device: 'cpu',
  dtype: 'float64',
};

/** Running statistics that are not those of a fresh network. */
const fillBuffers = ({ store }: Model): void => {
  for (const [b, { name, shape }] of f.buffers.entries()) {
    const [scale, shift] = name.endsWith('running_mean') ? [0.3, 0] : [0.05, 0.1];
    scope(() =>
      noGrad(() => inPlace.copy(given(store.buffers.get(name)), noiseTensor(5000 + b, shape, { scale, shift }))),
    );
  }
};

/** The learner of the phase after a training whose network is the fixture's. */
const staged = (label: string): { learner: Learner; frozen: readonly string[] } => {
  const { momentum, weightDecay, clip: gradClip, channels } = f;
  const rule = { momentum, weightDecay, gradClip, channels };
  const epochs = label.startsWith('tau') ? 0 : 1;
  const { phases } = training({ name: `resnet(${DEPTH})`, genotypes: null }).with({
    ...rule,
    stage: label,
    classifierStage: epochs,
  });
  const [first, second] = phases;
  const before = given(first?.start)(context, {});
  fillWeights(before.model.store, fixture);
  fillBuffers(before.model);
  const learner = given(second?.start)(context, { before });
  before.dispose();
  return { learner, frozen: second?.frozen ?? [] };
};

const logitsOf = ({ model }: Learner, at = model.settings): number[][] =>
  scope(() =>
    noGrad(() => model.answers(trainBatch(0, fixture).images, testing, at).map(({ logits }) => logits.toArray())),
  );

describe('a second stage agrees with PyTorch in float64 to 1e-9', () => {
  it.each([
    ['a fresh classifier', 'crt', f.crt, 1],
    ['a learned scale', 'lws', f.lws, 0],
    ['a learned scale, the classifier at half the rate', 'lws(0.5)', f.lwsHalf, 0.5],
  ])('on %s', (_, label, theirs, share) => {
    const { learner, frozen } = staged(label);
    const { store } = learner.model;
    const ours = weightsOf(store);
    const [weight, bias] = ['weight', 'bias'].map((name) => given(ours.get(`classifier.${name}`)));
    if (label === 'crt')
      scope(() =>
        noGrad(() => {
          const [, width = 0] = given(weight).shape;
          const fresh = noiseTensor(9000, given(weight).shape, { scale: 1 / Math.sqrt(width) });
          inPlace.copy(given(weight), fresh);
          inPlace.copy(given(bias), noiseTensor(9001, given(bias).shape, { scale: 0.1 }));
        }),
      );
    const features = (): number[] => narrow(store.flat, 0, ...store.range('backbone')).toArray();
    const untouched = features();
    learner.freeze(frozen);
    for (const [k, { lr, loss, gradNorm }] of theirs.steps.entries())
      scope(() => {
        const knobs = { weightLr: lr, ...(share === 0.5 ? { [`weightLr.${CLASSIFIER}`]: share * lr } : {}) };
        const report = learner.step([trainBatch(k, fixture)], { epoch: 0, step: k, knobs });
        expect(relative(report.loss, loss), `loss of step ${k}`).toBeLessThan(TIGHT);
        const norms = Object.values(report.gradNorm['weights'] ?? {});
        expect(relative(Math.hypot(...norms), gradNorm), `gradient of step ${k}`).toBeLessThan(TIGHT);
      });
    for (const [i, own] of [weight, bias].entries())
      expect(maxAbs(given(own).toArray(), given(theirs.classifier[i]))).toBeLessThan(TIGHT);
    if (theirs.scale !== null) expect(maxAbs(given(ours.get(SCALE)).toArray(), theirs.scale)).toBeLessThan(TIGHT);
    const [where, error] = compare(store.buffers, theirs.buffers, { names: f.buffers, fixture, floor: 1e-3 });
    expect(error, where).toBeLessThan(TIGHT);
    expect(features()).toEqual(untouched);
    expect(maxAbs(given(logitsOf(learner)[0]), theirs.logits.flat()), 'logits').toBeLessThan(TIGHT);
    learner.dispose();
  });

  it('on τ-normalisation, at every τ from one pass', () => {
    const { learner } = staged('tau');
    expect(learner.model.settings.map(({ tau }) => tau)).toEqual(Array.from({ length: 21 }, (_, i) => i / 10));
    const answers = logitsOf(
      learner,
      f.tau.map(({ tau }) => ({ tau })),
    );
    for (const [i, { tau, logits }] of f.tau.entries())
      expect(maxAbs(given(answers[i]), logits.flat()), `τ ${tau}`).toBeLessThan(TIGHT);
    learner.dispose();
    const { learner: one } = staged('tau(0.7)');
    expect(one.model.settings).toEqual([{ tau: 0.7 }]);
    expect(maxAbs(given(logitsOf(one)[0]), given(f.tau[1]).logits.flat())).toBeLessThan(TIGHT);
    one.dispose();
  });
});

describe('three steps of sharpness-aware minimisation agree with PyTorch in float64 to 1e-9', () => {
  it('in weights and in running statistics, which the second pass leaves alone', () => {
    const { momentum, weightDecay, clip: gradClip } = f;
    const model = resnet({ ...context, channels: f.channels }, { depth: DEPTH });
    fillWeights(model.store, fixture);
    const objective = plainObjective(model, crossEntropyLoss().build(f.prior.counts));
    const rule = { momentum, weightDecay, gradClip, sam: f.sam.rho };
    const learner = supervised({ ...rule, model, objective, streams: [{ part: 'train', sampling: 'instance' }] });
    for (const [k, { lr, loss, gradNorm }] of f.sam.steps.entries())
      scope(() => {
        const report = learner.step([trainBatch(k, fixture)], { epoch: 0, step: k, knobs: { weightLr: lr } });
        expect(relative(report.loss, loss), `loss of step ${k}`).toBeLessThan(TIGHT);
        const norms = Object.values(report.gradNorm['weights'] ?? {});
        expect(relative(Math.hypot(...norms), gradNorm), `gradient of step ${k}`).toBeLessThan(TIGHT);
      });
    for (const [ours, theirs, names] of [
      [weightsOf(model.store), f.sam.weights, f.weights],
      [model.store.buffers, f.sam.buffers, f.buffers],
    ] as const) {
      const [where, error] = compare(ours, theirs, { names, fixture, floor: 1e-3 });
      expect(error, where).toBeLessThan(TIGHT);
    }
    learner.dispose();
  });
});

describe('post-hoc logit adjustment agrees with PyTorch', () => {
  const { counts, tested, shares, expected } = f.prior;
  const all = counts.reduce((a, b) => a + b);
  const labels = Uint16Array.from({ length: tested }, (_, i) => i % f.classes);
  const drawn = noise(7000, tested * f.classes);
  const logits = Float64Array.from(drawn, (x, k) => {
    const [image, c] = [Math.floor(k / f.classes), k % f.classes];
    return 2 * x + (labels[image] === c ? 1.5 : 0) + Math.log((counts[c] ?? 0) / all);
  });
  const set = { images: new Uint8Array(tested * 192), labels, height: 8, width: 8, channels: 3 };
  const dataset = {
    ...tinyDataset(),
    classes: counts.map(String),
    counts: { train: counts, valid: counts, test: counts.map(() => tested / f.classes) },
    test: set,
  };

  /** Answers with these logits, in the order of the images, each class with a correction. */
  const answering = (correction: (c: number) => number): Model => {
    let next = 0;
    const store = new ParameterStore({ dtype: 'float64' }).allocate();
    return plainModel(store, (images) => {
      const [n = 0] = images.shape;
      const from = (next % tested) * f.classes;
      next += n;
      const part = logits.slice(from, from + n * f.classes).map((z, k) => z + correction(k % f.classes));
      return tensor(part, { shape: [n, f.classes] });
    });
  };
  const evaluated = async (
    model: Model,
    { loss = crossEntropyLoss(), prior }: { loss?: ReturnType<typeof crossEntropyLoss>; prior?: NamedPrior } = {},
  ): Promise<Evaluation> => {
    const assumes = assumedPrior({ streams: [{ part: 'train', sampling: 'instance' }], loss, counts, augment: 'none' });
    const pass = evaluate(model, { dataset, batchSize: 7, assumes, ...(prior === undefined ? {} : { prior }) });
    let step = await pass.next();
    while (!step.done) step = await pass.next();
    model.dispose();
    return step.value;
  };
  const near = (value: number) => expect.closeTo(value, 12);

  it('in the accuracies to be expected under each prior', async () => {
    const { priors, accuracy } = await evaluated(answering(() => 0));
    expect(priors?.assumed).toEqual(counts.map((n) => near(n / all)));
    expect(priors?.tests).toEqual(
      expected.map(({ test, unadjusted, adjusted }) => ({
        name: test,
        prior: given(shares[test]).map(near),
        unadjusted: near(unadjusted),
        adjusted: near(adjusted),
      })),
    );
    expect(accuracy).toBeCloseTo(given(expected[0]).unadjusted, 12); // the test set is balanced
  });

  it.each(['uniform', 'training'])('where all that is reported is adjusted: %s', async (name) => {
    const { loss, accuracy, priors } = await evaluated(
      answering(() => 0),
      {
        prior: { name, prior: given(shares[name]) },
      },
    );
    const theirs = given(expected.find(({ test }) => test === name));
    expect(loss).toBeCloseTo(theirs.loss, 9);
    expect(priors?.tests.find((test) => test.name === name)?.adjusted).toBeCloseTo(theirs.adjusted, 12);
    if (name === 'uniform') expect(accuracy).toBeCloseTo(theirs.adjusted, 12);
  });

  it('and adjusts logits that a loss has balanced by what they assume', async () => {
    const balanced = answering((c) => -Math.log((counts[c] ?? 0) / all));
    const { priors } = await evaluated(balanced, { loss: balancedSoftmax() });
    expect(priors?.assumed).toEqual(counts.map(() => near(1 / f.classes)));
    const [uniform, training_] = priors?.tests ?? [];
    expect(uniform?.unadjusted).toBeCloseTo(given(expected[0]).adjusted, 12);
    expect(uniform?.adjusted).toBeCloseTo(given(expected[0]).adjusted, 12);
    expect(training_?.adjusted).toBeCloseTo(given(expected[1]).adjusted, 12);
  });
});
