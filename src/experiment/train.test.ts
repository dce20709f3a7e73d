import { describe, expect, it } from 'vitest';
import { namedGenotype } from '../space/index.js';
import { changesOf, describe as describePlan, type Values } from './experiment.js';
import { planOf } from './registry.js';
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
    [cells, { bilateral: true }, 'it must have the heads instance and class'],
    [heads, { bilateral: true, auxiliary: 0.4 }, '--auxiliary: a network of two branches has no auxiliary head'],
  ])('refuses an option that would do nothing: $1', (experiment, values, message) => {
    expect(() => experiment.with(values)).toThrow(message);
  });

  it('draws the batches of the class head by class, unless told otherwise, and records what it does', () => {
    const streamsOf = (values: Values) => {
      const plan = heads.with({ bilateral: true, ...values });
      const { options, streams } = describePlan(plan);
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
    const both = describePlan(heads.with({ bilateral: true }));
    const old = { ...both, options: { ...both.options, auxiliary: 0.4, sampling: 'instance' } };
    expect(describePlan(planOf(old))).toEqual(both);
    const plain = describePlan(resnet.with({}));
    const dead = { layers: 20, dropPath: 0, auxiliary: 0, bilateral: false, mixing: 'parabolicDecay' };
    expect(Object.keys(plain.options).filter((name) => name in dead)).toEqual([]);
    expect(describePlan(planOf({ ...plain, options: { ...plain.options, ...dead } }))).toEqual(plain);
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
    const record = describePlan(cells.with({}));
    const broken = {
      name: 'darts-v2',
      genotypes: { backbone: { normal: { nodes: [[{ op: 'x', from: 0 }]], concat: [2] } } },
    };
    expect(() => planOf({ ...record, network: broken }, { run: 'runs/a' })).toThrow(
      /^Cannot open run runs\/a: .* genotype from runs\/a\/run\.json: backbone, normal cell: unknown primitive "x"/,
    );
    const models = { ...describePlan(resnet.with({})), network: { name: 'mine', genotypes: null } };
    expect(() => planOf(models, { run: 'runs/a' })).toThrow(
      /^Cannot open run runs\/a: .*unknown model "mine".*needs --use <module>/,
    );
    const loss = { ...record, options: { ...record.options, loss: 'mine' } };
    expect(() => planOf(loss, { run: 'runs/a' })).toThrow(/^Cannot open run runs\/a: .*needs --use <module>/);
  });

  it('adds cutout to the augmentation, unless its side is 0', () => {
    expect([16, 0].map((cutout) => cells.with({ cutout }).augment)).toEqual(['default + cutout(16)', 'default']);
  });
});
