import { describe, expect, it } from 'vitest';
import { tinyContinued, tinyPlan } from '../../test/support/tiny.js';
import { BACKBONE } from '../net/index.js';
import { constant } from '../schedule/index.js';
import { experiments, type Plan, type Values } from './index.js';

const labelsOf = ({ phases }: Plan): Record<string, string> =>
  Object.fromEntries(Object.entries(phases[0]?.knobs ?? {}).map(([name, { label }]) => [name, label]));

describe('a search that corrects the imbalance twice', () => {
  const twice = (what: string) => [expect.stringMatching(`^${what} each make rare classes count as much as frequent`)];

  it.each([
    ['lt-darts', '--loss class-balanced\\(0.9999\\) and --sampling class'],
    ['darts-bbn', '--loss class-balanced\\(0.9999\\) and the class batches of the second branch'],
    ['random-ws', '--loss class-balanced\\(0.9999\\) and --sampling class'],
  ])('says so: %s', (recipe, what) => {
    const plan = (values: Values) => experiments.named(recipe).with(values).notices;
    expect(plan({ loss: 'class-balanced(0.9999)', sampling: 'class' })).toEqual(twice(what));
    expect(plan({ loss: 'class-balanced(0.9999)', sampling: 'instance' })).toEqual([]);
    expect(plan({ loss: 'cross-entropy', sampling: 'class' })).toEqual([]);
  });
});

describe('what a search says of its rates and of alpha', () => {
  it.each<[string, Values, string]>([
    ['darts', { archLoss: 'balanced-softmax', sampling: 'class' }, '--arch-loss balanced-softmax and --sampling class'],
    ['darts-bbn', { archLoss: 'balanced-softmax' }, '--arch-loss balanced-softmax and --sampling class'],
    ['darts', { loss: 'balanced-softmax', archSampling: 'class' }, '--loss balanced-softmax and --arch-sampling class'],
  ])('%s %o: alpha is corrected twice', (recipe, values, what) => {
    expect(experiments.named(recipe).with(values).notices).toEqual([expect.stringMatching(`^for alpha ${what} each`)]);
  });

  it('nothing where it is corrected once', () => {
    for (const values of [{ archLoss: 'balanced-softmax' }, { archSampling: 'class' }, { sampling: 'class' }])
      expect(experiments.named('darts').with(values).notices).toEqual([]);
  });

  it.each(['darts', 'hls', 'enas', 'random-ws'])('%s: that a rate rises', (recipe) => {
    const rises = 'the learning rate rises from --weight-lr 0.0005 to --weight-lr-min 0.001';
    expect(experiments.named(recipe).with({ weightLr: 0.0005 }).notices).toEqual([rises]);
  });
});

describe('a search with two branches', () => {
  it('refuses a mixing outside [0, 1] before anything is built', () => {
    expect(() => tinyPlan({ mixing: 'constant(1.2)' }, 'darts-bbn')).toThrow(
      /must be in \[0, 1\], got 1.2 at t = 0.00/,
    );
    expect(() => tinyPlan({ mixing: 'linear(0, 3)' }, 'darts-bbn')).toThrow(/must be in \[0, 1\]/);
    expect(() => tinyPlan({ logitScale: 0 }, 'darts-bbn')).toThrow(/it must be a number > 0, got 0/);
  });

  it('that is HLS is the bilateral search with one schedule more', () => {
    const [plain, ours] = [tinyPlan({}, 'darts-bbn'), tinyPlan({}, 'hls')];
    expect(ours.streams).toEqual(plain.streams);
    const { [`archLr.${BACKBONE}`]: own, ...others } = labelsOf(ours);
    const { [`archLr.${BACKBONE}`]: usual, ...same } = labelsOf(plain);
    expect(others).toEqual(same);
    expect([usual, own]).toEqual(['constant(0.0003)', 'constant(0.0003) × softFreeze(parabolicDecay)']);
    const schedule = ours.phases[0]?.knobs[`archLr.${BACKBONE}`];
    expect((schedule?.(0.5) ?? Number.NaN) / 3e-4).toBeCloseTo(Math.exp(1 - 1 / 0.75), 12);
  });

  it('draws a batch of each branch for weights and for alpha, the second branch as `sampling` says', () => {
    expect(
      tinyPlan({ sampling: 'instance' }, 'hls').streams.map(({ part, sampling }) => `${part} ${sampling}`),
    ).toEqual(['train instance', 'train instance', 'valid instance', 'valid instance']);
    expect(tinyPlan({}, 'hls').streams.map(({ part, sampling }) => `${part} ${sampling}`)).toEqual([
      'train instance',
      'train class',
      'valid instance',
      'valid class',
    ]);
  });

  it('takes another mixing and with it another soft freeze', () => {
    const plan = tinyPlan({ mixing: 'reverseSigmoid', freeze: 'squared' }, 'hls');
    expect(labelsOf(plan)).toMatchObject({
      mixing: 'reverseSigmoid',
      [`archLr.${BACKBONE}`]: 'constant(0.0003) × softFreeze(reverseSigmoid, squared)',
    });
    expect(plan.experiment.with({ ...plan.values, bnScope: 'perBranch' }).values).toMatchObject({
      freeze: 'squared',
      bnScope: 'perBranch',
    });
  });

  it('says when its class head is never trained', () => {
    const never = /^the mixing is 1 in every epoch: the class head is not trained at all; take another, or more/;
    expect(tinyPlan({ epochs: 1 }, 'hls').notices).toEqual([expect.stringMatching(never)]);
    expect(tinyPlan({ epochs: 2 }, 'hls').notices).toEqual([]);
    expect(tinyPlan({ epochs: 1 }, 'hls-continued-half').notices).toEqual([]);
  });

  it('goes on where its method’s own schedules ended, which belong to the beginning of a search', () => {
    const values = { epochs: 10, archWarmup: 0.3, auxiliarySkip: 'linear(1, 0)' };
    const [search, continued] = experiments.named('hls-continued-class').with(values).phases;
    expect([0, 0.2, 0.5].map((t) => search?.knobs['archWait']?.(t))).toEqual([1, 1, 0]);
    expect([0, 0.9].map((t) => continued?.knobs['archWait']?.(t))).toEqual([0, 0]);
    expect([0, 0.9].map((t) => continued?.knobs['auxiliarySkip']?.(t))).toEqual(
      [0.1, 0.1].map((v) => expect.closeTo(v)),
    );
    expect(continued?.knobs['weightLr']?.(0)).toBe(search?.knobs['weightLr']?.(0));
  });

  it('continues with the same network for a share of its epochs', () => {
    const { phases } = tinyContinued([{ name: 'more', share: 0.5, mixing: constant(0), frozen: [BACKBONE] }], {
      epochs: 5,
    });
    expect(phases.map(({ name, epochs, start }) => [name, epochs, start !== undefined])).toEqual([
      ['search', 5, true],
      ['more', 3, false],
    ]);
    expect(phases.map(({ frozen = [] }) => frozen)).toEqual([[], [BACKBONE]]);
  });
});

describe('every search', () => {
  /** Three stages of 25 epochs, the first of 5 cells. */
  const own: Readonly<Record<string, Values>> = { 'p-darts': { epochs: 75, layers: 5 } };
  it.each(experiments.names())('has paper sizes by default: %s', (name) => {
    const sizes = { epochs: 50, batchSize: 128, layers: 8, nodes: 4, ...own[name] };
    expect(experiments.named(name).with({}).values).toMatchObject(sizes);
  });
});
