import { describe, expect, it } from 'vitest';
import { tinyRun } from '../../test/support/tiny.js';
import { models } from '../net/index.js';
import { namedGenotype } from '../space/index.js';
import { changesOf, describe as described, experiments, planOf, type Values } from './index.js';
import { training } from './train.js';

describe('training a network', () => {
  const resnet = training({ name: 'resnet(32)', genotypes: null });
  const cells = training({ name: 'darts-v2', genotypes: { backbone: namedGenotype('darts-v2') ?? {} } });

  const dartsV2 = namedGenotype('darts-v2') ?? {};
  const heads = training({ name: 'heads', genotypes: { backbone: dartsV2, instance: dartsV2, class: dartsV2 } });

  it.each([
    [resnet, { auxiliary: 0.4 }, 'Cannot train resnet(32) with --auxiliary: only a network of cells has it; leave it'],
    [resnet, { dropPath: 0.2 }, '--drop-path: only a network of cells'],
    [resnet, { layers: 5 }, '--layers: only a network of cells'],
    [resnet, { bilateral: true }, '--bilateral: only a network of cells'],
    [resnet, { mixing: 'constant(0.5)' }, '--mixing: only a network of cells'],
    [cells, { mixing: 'constant(0.5)' }, '--mixing: only --bilateral mixes two branches'],
    [cells, { mixRate: 'between(0.1, 0.9)' }, '--mix-rate: only mixup, remix, cutmix and cmo mix images, --augment is'],
    [cells, { bilateral: true }, 'it must have the heads instance and class'],
    [cells, { lrMin: 0.001, lrSchedule: 'step(0.8, 1, 0.01)' }, '--lr-min: the schedule of --lr-schedule says where'],
    [cells, { reweightBeta: 0.999 }, '--reweight-beta: only --reweight has a beta'],
    [heads, { bilateral: true, auxiliary: 0.4 }, '--auxiliary: a network of two branches has no auxiliary head'],
  ])('refuses an option that would do nothing: $1', (experiment, values, message) => {
    expect(() => experiment.with(values)).toThrow(message);
  });

  it.each([
    [resnet, { loss: 'ldam' }, 'Cannot use loss ldam(0.5, 30): logits must be cosines'],
    [cells, { loss: 'ldam' }, 'use --classifier cosine'],
    [cells, { loss: 'dot-regression', classifier: 'cosine' }, 'class directions that are not trained'],
    [experiments.named('darts'), { loss: 'ldam' }, 'use --classifier cosine'],
    [experiments.named('hls'), { loss: 'dot-regression' }, 'use --classifier etf'],
  ])('and every search refuses a loss that its classifier does not fit: $1', (experiment, values, message) => {
    expect(() => experiment.with(values)).toThrow(RangeError);
    expect(() => experiment.with(values)).toThrow(message);
    for (const classifier of ['etf', 'etf(16)']) expect(() => experiment.with({ ...values, classifier })).not.toThrow();
  });

  it.each<[Values, RegExp]>([
    [{ reweight: 'linear(0, 2)' }, /--reweight: Cannot re-weight: the share of the weights must be in \[0, 1\], got/],
    [{ reweight: 'step(160)' }, /--reweight: Cannot make schedule: step must be at t in \[0, 1\], got 160/],
    [{ reweightBeta: 1 }, /--reweight-beta: it must be a number >= 0 and < 1, got 1/],
    [{ classifier: 'cosin' }, /--classifier: .* did you mean "cosine"\?/],
  ])('refuses what cannot be: %o', (values, message) => {
    expect(() => resnet.with(values)).toThrow(message);
  });

  it('has a knob for re-weighting only where it is asked for, and then any loss', () => {
    expect(Object.keys(resnet.with({}).phases[0]?.knobs ?? {})).toEqual(['weightLr']);
    const { phases, values } = resnet.with({ reweight: 'step(0.8)', loss: 'ldam', classifier: 'cosine' });
    expect(phases[0]?.knobs['reweight']?.label).toBe('step(0.8)');
    expect(values).toMatchObject({ loss: 'ldam(0.5, 30)', classifier: 'cosine(30)', reweight: 'step(0.8)' });
  });

  it('of an older version, whose run.json has no classifier and no re-weighting, is the same plan', () => {
    for (const experiment of [resnet, cells]) {
      const now = described(experiment.with({}));
      const { classifier: _, reweight: _also, reweightBeta: _too, ...options } = now.options;
      expect(described(planOf({ ...now, options }))).toEqual(now);
    }
    const now = described(experiments.named('hls').with({}));
    const { classifier: _, ...options } = now.options;
    expect(described(planOf({ ...now, options }))).toEqual(now);
  });

  it('refuses a last layer that a network of its own does not have', () => {
    models.add('stubborn', {
      usage: 'stubborn',
      make:
        () =>
        ({ classifier: _, ...shape }) =>
          models.read('resnet(8)')(shape),
    });
    const own = training({ name: 'stubborn', genotypes: null });
    const start = (values: Values) => tinyRun(own.with({ channels: 1, epochs: 1, ...values }).phases).dispose();
    expect(() => start({})).not.toThrow();
    expect(() => start({ classifier: 'cosine' })).toThrow(
      'Cannot train stubborn with --classifier cosine(30): its network has a last layer of its own; leave it out',
    );
  });

  it('takes another schedule for the rate, as one that falls in steps', () => {
    const lrSchedule = 'step(0.8, 1, 0.01) × step(0.9, 1, 0.01)';
    const [phase] = resnet.with({ lr: 0.1, lrSchedule }).phases;
    const rates = [0, 0.79, 0.8, 0.95].map((t) => phase?.knobs['weightLr']?.(t));
    expect(rates).toEqual([0.1, 0.1, 0.001, 1e-5].map((rate) => expect.closeTo(rate, 12)));
    expect(() => resnet.with({ lrSchedule: 'linear(0, 2)' })).toThrow(
      'the learning rate: its factor must be in [0, 1]',
    );
  });

  it('counts the weights of the network that is used, not those of the auxiliary head', () => {
    const weightsOf = (auxiliary: number): number => {
      const values = { channels: 2, layers: 3, dropPath: 0, epochs: 1, batchSize: 4, cutout: 0, auxiliary };
      const live = tinyRun(cells.with(values).phases);
      live.dispose();
      return live.weights;
    };
    expect(weightsOf(0.4)).toBe(weightsOf(0));
    expect(weightsOf(0)).toBe(887);
  });

  it('draws the batches of the class head by class, unless told otherwise, and records what it does', () => {
    const streamsOf = (values: Values) => {
      const plan = heads.with({ bilateral: true, ...values });
      const { options, streams } = described(plan);
      return [streams.map(({ sampling }) => sampling), options['sampling'], options['auxiliary'], changesOf(plan)];
    };
    expect(streamsOf({})).toEqual([['instance', 'class'], 'class', 0, { bilateral: true }]);
    expect(streamsOf({ sampling: 'instance' })).toEqual([
      ['instance', 'instance'],
      'instance',
      0,
      { bilateral: true, sampling: 'instance' },
    ]);
    expect(heads.with({}).values).toMatchObject({ sampling: 'instance', auxiliary: 0.4 });
  });

  it('reads the run.json of earlier versions, which recorded options that did nothing', () => {
    const both = described(heads.with({ bilateral: true }));
    const old = { ...both, options: { ...both.options, auxiliary: 0.4, sampling: 'instance' } };
    expect(described(planOf(old))).toEqual(both);
    const plain = described(resnet.with({}));
    const dead = { layers: 20, dropPath: 0, auxiliary: 0, bilateral: false, mixing: 'parabolicDecay' };
    expect(Object.keys(plain.options).filter((name) => name in dead)).toEqual([]);
    expect(described(planOf({ ...plain, options: { ...plain.options, ...dead } }))).toEqual(plain);
  });

  it.each([
    [{ reduction: dartsV2.reduction }, 3, 'must have a normal cell, it has none; give --layers 2 or 1'],
    [{ normal: dartsV2.normal }, 1, 'must have a reduction cell, it has none; every network has one'],
  ])(
    'refuses a backbone without a kind of cell that so many layers need, naming where it is from',
    (kinds, layers, m) => {
      const backbone = Object.fromEntries(Object.entries(kinds));
      const lacking = training({ name: 'mine', genotypes: { backbone } }, { what: 'runs/mine' });
      expect(() => lacking.with({ layers })).toThrow(
        `Cannot train runs/mine with --layers ${layers}: its backbone ${m}`,
      );
      if (layers === 3) expect(() => lacking.with({ layers: 2 })).not.toThrow();
    },
  );

  it('names the run whose description has a damaged genotype, or a name that only a module knows', () => {
    const record = described(cells.with({}));
    const broken = {
      name: 'darts-v2',
      genotypes: { backbone: { normal: { nodes: [[{ op: 'x', from: 0 }]], concat: [2] } } },
    };
    expect(() => planOf({ ...record, network: broken }, { run: 'runs/a' })).toThrow(
      /^Cannot open run runs\/a: .* genotype from runs\/a\/run\.json: backbone, normal cell: unknown primitive "x"/,
    );
    const models = { ...described(resnet.with({})), network: { name: 'mine', genotypes: null } };
    expect(() => planOf(models, { run: 'runs/a' })).toThrow(
      /^Cannot open run runs\/a: .*unknown model "mine".*needs --use <module>/,
    );
    const loss = { ...record, options: { ...record.options, loss: 'mine' } };
    expect(() => planOf(loss, { run: 'runs/a' })).toThrow(/^Cannot open run runs\/a: .*needs --use <module>/);
  });

  it.each<[Values, string]>([
    [{ recipe: 'mixup-drw' }, 'default + cutout(16) + mixup(1)'],
    [{ augment: 'none' }, 'none'],
    [{ augment: 'crop(4)+flip' }, 'crop(4) + flip'],
    [{ augment: 'default + cutout(8)' }, 'default + cutout(8)'],
    [{ augment: 'flip + cutmix(1, 1)', cutout: 8 }, 'flip + cutout(8) + cutmix(1, 1)'],
    [{ augment: 'default + trivial' }, 'default + trivial + cutout(16)'],
  ])('adds its cutout before what mixes, and only to the usual augmentation: %o', (values, augment) => {
    expect(cells.with(values).augment).toBe(augment);
  });

  it('adds cutout to the augmentation, unless its side is 0', () => {
    expect([16, 0].map((cutout) => cells.with({ cutout }).augment)).toEqual(['default + cutout(16)', 'default']);
  });

  it('schedules how often images are mixed, and has no such schedule unless asked', () => {
    const augment = 'default + cmo(1, 0.5)';
    const [phase] = resnet.with({ augment, mixRate: 'between(0.02, 0.985)' }).phases;
    // CMO's public code: not in the first and the last epochs of 200, of which the fourth is still one.
    const acts = Array.from({ length: 200 }, (_, epoch) => phase?.knobs['mixRate']?.(epoch / 200) === 1);
    expect([acts.indexOf(true), acts.lastIndexOf(true)]).toEqual([4, 196]);
    expect(Object.keys(resnet.with({ augment }).phases[0]?.knobs ?? {})).toEqual(['weightLr']);
    expect(() => resnet.with({ augment, mixRate: 'linear(0, 2)' })).toThrow('the mix rate must be in [0, 1]');
    expect(() => resnet.with({ augment: 'mixup(1) + cmo(1, 0.5)' })).toThrow('only one may mix images');
  });
});
