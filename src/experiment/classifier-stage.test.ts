import { describe, expect, it } from 'vitest';
import { bytesOf, rest, tinyDataset, tinyRun, watched } from '../../test/support/tiny.js';
import type { Epoch, LoopEvent, Phase } from '../loop/index.js';
import { models } from '../net/index.js';
import { ParameterStore } from '../nn/index.js';
import { namedGenotype } from '../space/index.js';
import { liveTensors, mean, parseSafetensors, readMetadata, scope } from '../tensor/index.js';
import type { Values } from './experiment.js';
import { training } from './train.js';

const SIZES: Values = { epochs: 2, batchSize: 4, channels: 2, lr: 0.05 };

/** A ResNet and what follows its training. */
const planOf = (values: Values) => training({ name: 'resnet(8)', genotypes: null }).with({ ...SIZES, ...values });
const phasesOf = (values: Values): readonly Phase[] => planOf(values).phases;

/** A network of cells, with an auxiliary head and dropped paths. */
const cells = (values: Values): readonly Phase[] =>
  training({ name: 'darts-v2', genotypes: { backbone: namedGenotype('darts-v2') ?? {} } }).with({
    ...{ ...SIZES, layers: 3, dropPath: 0.3, auxiliary: 0.4 },
    ...values,
  }).phases;

/** The tensors of a state whose names begin so, as numbers. */
const tensorsOf = (state: Buffer, prefix: RegExp): Record<string, number[]> =>
  scope(() => {
    const found = Object.entries(parseSafetensors(state).tensors).filter(([name]) => prefix.test(name));
    return Object.fromEntries(found.map(([name, t]) => [name, t.toArray()]));
  });
const FEATURES = /^(weight\/(stem|stages|cells)|buffer\/(stem|stages|cells))/;

const atEpoch = (epoch: number) => (event: LoopEvent) => event.type === 'epoch' && event.record.epoch === epoch;
const atStep = (epoch: number, step: number) => (event: LoopEvent) =>
  event.type === 'step' && event.epoch === epoch && event.step === step;

const places: readonly [string, (event: LoopEvent) => boolean][] = [
  ['in the training', atStep(1, 2)],
  ['at its end', atEpoch(1)],
  ['in the stage', atStep(2, 1)],
  ['between its epochs', atEpoch(2)],
  ['at the very end', atEpoch(3)],
];
const stages: readonly [string, readonly Phase[]][] = [
  ['crt', phasesOf({ classifierStage: 2 })],
  ['lws', phasesOf({ classifierStage: 2, stage: 'lws' })],
  ['lws(0.5)', phasesOf({ classifierStage: 2, stage: 'lws(0.5)', stageLoss: 'balanced-softmax' })],
  ['crt of cells, after SAM', cells({ classifierStage: 2, sam: 0.05 })],
];

describe('the classifier stage', () => {
  it.each(stages)('%s leaves the features as they were, running statistics included', async (_, phases) => {
    const before = liveTensors();
    const { middle, end, events } = await watched(tinyRun(phases), atEpoch(1));
    const features = tensorsOf(middle, FEATURES);
    expect(Object.keys(features).length).toBeGreaterThan(20);
    expect(tensorsOf(end, FEATURES)).toEqual(features);
    const records = events.filter((event): event is Epoch => Object(event).phase !== undefined);
    expect(records.map(({ phase, t }) => [phase, t])).toEqual([
      ['classifier', 0],
      ['classifier', 0.5],
    ]);
    expect(Object.keys(tensorsOf(end, /auxiliary/))).toEqual([]);
    expect(liveTensors()).toBe(before);
  });

  it('draws every class equally often, at a rate that falls to 0', async () => {
    const live = tinyRun(phasesOf({ classifierStage: 2, stageLr: 0.2 }));
    const records = (await rest(live)).filter((event): event is Epoch => Object(event).phase === 'classifier');
    expect(records.map(({ knobs }) => knobs['weightLr'])).toEqual([0.2, expect.closeTo(0.1, 12)]);
    const [state] = Object.values(JSON.parse(readMetadata(bytesOf(live))['standing'] ?? '').streams.train);
    expect(Object(state).sampler.sampling).toBe('class');
    live.dispose();
  });

  it('begins with a fresh classifier (crt), or with the trained one and factors of 1 (lws)', async () => {
    const after = async (values: Values) => {
      // At rate 0 nothing moves: the end is the beginning.
      const { middle, end } = await watched(
        tinyRun(phasesOf({ ...values, classifierStage: 1, stageLr: 0 })),
        atEpoch(1),
      );
      const CLASSIFIER = /^weight\/(classifier|scale)/;
      return [tensorsOf(middle, CLASSIFIER), tensorsOf(end, CLASSIFIER)] as const;
    };
    const [trained, scaled] = await after({ stage: 'lws' });
    expect(scaled).toEqual({ ...trained, 'weight/scale': [1, 1, 1] });
    const [same, fresh] = await after({});
    expect(same).toEqual(trained);
    for (const name of Object.keys(trained)) expect(fresh[name]).not.toEqual(trained[name]);
  });

  it.each(stages.flatMap(([name, phases]) => places.map(([where, place]) => [name, where, phases, place] as const)))(
    '%s is resumed %s to the byte',
    async (_, __, phases, place) => {
      const { events, records, middle, end } = await watched(tinyRun(phases, { seed: 4 }), place);
      const resumed = tinyRun(phases, { seed: 4, resume: middle, records });
      expect(bytesOf(resumed).equals(middle)).toBe(true);
      expect(await rest(resumed)).toEqual(events);
      expect(bytesOf(resumed).equals(end)).toBe(true);
      resumed.dispose();
    },
  );
});

describe('τ-normalisation', () => {
  const evaluated = async (phases: readonly Phase[], resume?: Buffer) => {
    const live = tinyRun(phases, { resume });
    await rest(live);
    const pass = live.evaluate();
    let next = await pass.next();
    while (!next.done) next = await pass.next();
    const state = bytesOf(live);
    live.dispose();
    return { evaluation: next.value, state };
  };

  it('takes no epoch; validation images choose τ, from a state at its end as well', async () => {
    const phases = phasesOf({ stage: 'tau' });
    const { evaluation, state } = await evaluated(phases);
    expect(evaluation.answers?.valid.map(({ at }) => at['tau'])).toEqual(Array.from({ length: 21 }, (_, i) => i / 10));
    expect(evaluation.answers?.test).toHaveLength(21);
    expect(evaluation.priors).toBeUndefined();
    expect((await evaluated(phases, state)).evaluation).toEqual(evaluation);
    const { middle } = await watched(tinyRun(phases), atEpoch(1));
    expect(await evaluated(phases, middle)).toEqual({ evaluation, state });
  });

  it('needs validation images, or a τ', async () => {
    const { valid, ...dataset } = tinyDataset();
    const none = { ...valid, images: new Uint8Array(), labels: new Uint16Array() };
    const all = { ...dataset, valid: none, counts: { ...dataset.counts, valid: [0, 0, 0] } };
    const before = liveTensors();
    expect(() => tinyRun(phasesOf({ stage: 'tau' }), { dataset: all })).toThrow(
      'Cannot choose τ: there must be validation images, there are none; give it, as in --stage "tau(1)"',
    );
    expect(liveTensors()).toBe(before);
    tinyRun(phasesOf({ stage: 'tau(1)' }), { dataset: all }).dispose();
  });
});

describe('what cannot be', () => {
  it.each([
    [{ stage: 'lws' }, '--stage: lws needs epochs, --classifier-stage has none; leave it out'],
    [{ stageLr: 0.2 }, '--stage-lr: it is the rate of --classifier-stage; leave it out'],
    [
      { stageLoss: 'dot-regression', classifierStage: 1 },
      '--stage-loss: dot-regression needs a classifier that is not trained, and the stage trains it; leave it out',
    ],
    [{ stageLoss: 'ldam', classifierStage: 1 }, 'Cannot use loss ldam(0.5, 30): logits must be cosines'],
    [
      { recipe: 'ldam-drw', classifierStage: 1, stage: 'lws', stageLoss: 'ldam' },
      '--stage-loss: ldam(0.5, 30) needs logits that are cosines, lws scales them by class; leave it out',
    ],
    [
      { recipe: 'crt', stage: 'tau' },
      '--classifier-stage: tau trains nothing and takes no epochs; recipe crt sets it: give --classifier-stage 0, or ' +
        'take another recipe',
    ],
    [
      { recipe: 'ldam-drw', stage: 'tau' },
      '--classifier: tau needs a linear classifier; recipe ldam-drw sets it: take another recipe',
    ],
    [{ lrSchedule: 'step(0.995, 1, 50)' }, 'factor must be in [0, 1], got 50 at t = 0.99'],
    [{ lr: 1e39 }, '--lr: it must be a number >= 0 and <= 1e+38'],
    [{ stage: 'tau(1e300)' }, 'it must be written tau or tau(t), t from 0 to 10'],
    [{ stageLoss: 'balanced-softmax' }, '--stage-loss: it is the loss of --classifier-stage; leave it out'],
    [{ stage: 'tau', classifierStage: 3 }, '--classifier-stage: tau trains nothing and takes no epochs; leave it out'],
    [{ stage: 'cRT' }, 'unknown classifier method "cRT": did you mean "crt"?'],
    [{ stage: 'lws(2)' }, 'it must be written lws or lws(share), share in [0, 1]'],
    [{ stage: 'tau(-1)' }, 'it must be written tau or tau(t), t from 0 to 10'],
    [{ classifierStage: 1.5 }, '--classifier-stage: it must be a whole number >= 0, got 1.5'],
    [{ sam: -1 }, '--sam: it must be a number >= 0 and <= 1e+38, got -1'],
  ])('is refused: %j', (values, message) => {
    expect(() => planOf(values)).toThrow(RangeError);
    expect(() => planOf(values)).toThrow(message);
  });

  it('is a network whose classifier is no component of its own', () => {
    models.add('in-one', {
      usage: 'in-one',
      make: () => (shape) => {
        const store = new ParameterStore(shape);
        const weight = store.component('backbone').weight('w', [shape.inputChannels, shape.classes], { constant: 1 });
        store.allocate();
        return {
          store,
          settings: [{}],
          answers: (images) => [{ at: {}, logits: mean(weight.value, { dim: 0, keepdim: images.shape.length > 9 }) }],
          dispose: () => store.dispose(),
        };
      },
    });
    const { phases } = training({ name: 'in-one', genotypes: null }).with({ ...SIZES, classifierStage: 1 });
    expect(() => tinyRun(phases)).toThrow(
      "the network's weights must be in the components backbone and classifier, they are in backbone; leave out",
    );
  });

  it('is said of the method in words, and in the phases of run.json', () => {
    expect(planOf({ classifierStage: 10, stage: 'lws(0.5)' })).toMatchObject({
      method: 'from scratch; then 10 × its classifier alone: lws(0.5), class sampling, cross-entropy',
      phases: [{ name: 'train' }, { name: 'classifier', epochs: 10, frozen: ['backbone'] }],
    });
    expect(planOf({ stage: 'tau' }).phases).toMatchObject([{ name: 'train' }, { name: 'classifier', epochs: 0 }]);
    expect(planOf({}).phases).toHaveLength(1);
    expect(planOf({}).method).toBe('from scratch');
  });
});
