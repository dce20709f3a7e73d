import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultRuns } from '../../test/support/results.js';
import { runInfo } from '../run/index.js';
import { namedGenotype } from '../space/index.js';
import {
  changesOf,
  describe as described,
  type Experiment,
  experiments,
  kebab,
  metaOf,
  planOf,
  respelled,
  scaled,
  scaleNames,
  sizeNames,
  training,
  type Values,
} from './index.js';

describe('recorded options', () => {
  it('are compared as this version spells them, and stay where it cannot read them', () => {
    const recorded = { augment: 'default+trivial', lr: '0.10', sampling: 'none such', gone: 1 };
    const resnet = training({ name: 'resnet(32)', genotypes: null });
    expect(respelled(resnet, recorded)).toEqual({ ...recorded, augment: 'default + trivial', lr: 0.1 });
  });
});

const dartsV2 = namedGenotype('darts-v2') ?? {};
const genotypes = { backbone: dartsV2, instance: dartsV2, class: dartsV2 };
const trainings = [
  training({ name: 'cells', genotypes: { backbone: dartsV2 } }),
  training({ name: 'heads', genotypes }),
];
const all: [name: string, Experiment][] = [...experiments.all(), ...trainings].map((e) => [e.name, e]);

const darts = experiments.named('darts');
const hls = experiments.named('hls');

describe('the options of an experiment', () => {
  it.each(all)('are spelled as they are read: %s', (_, experiment) => {
    const { values } = experiment.with({});
    expect(Object.keys(values)).toEqual(Object.keys(experiment.options.shape));
    expect(experiment.with(values).values).toEqual(values);
    for (const scale of scaleNames) {
      const plan = scaled(experiment, { scale });
      expect(experiment.with(plan.values).values).toEqual(plan.values);
      // What run.json holds is enough to carry the run on.
      const record = JSON.parse(JSON.stringify(described(plan)));
      expect(described(planOf(record))).toEqual(record);
    }
  });

  it.each(all)('may all be given as words, as the command line does: %s', (_, experiment) => {
    const { values } = experiment.with({});
    const words = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
    expect(experiment.with(words).values).toEqual(values);
  });

  it.each(all)('are declared with a help, a group and a flag of their own: %s', (_, { options }) => {
    const flags = Object.keys(options.shape).map(kebab);
    expect(new Set(flags).size).toBe(flags.length);
    for (const field of Object.values(options.shape)) {
      const { help, group } = metaOf(field);
      expect(help.length).toBeGreaterThan(3);
      expect(group.length).toBeGreaterThan(2);
    }
  });

  it('are those of the experiment alone', () => {
    expect(() => darts.with({ sam: 0.05 })).toThrow(
      /^Cannot use --sam: darts has no such option, only --epochs, --batch-size, /,
    );
    expect(() => darts.with({ sam: 0.05 })).toThrow(RangeError);
    expect(() => darts.with({ bnScope: 'joint' })).toThrow(
      'Cannot use --bn-scope with darts: it has one branch; use darts-bbn or hls',
    );
    expect(() => experiments.named('darts-bbn').with({ freeze: 'sqrt' })).toThrow(
      'Cannot use --freeze: darts-bbn has no such option',
    );
  });

  it.each<[Values, string | RegExp]>([
    [{ epochs: 0 }, '--epochs: it must be a whole number >= 1, got 0'],
    [{ epochs: 1.5 }, '--epochs: it must be a whole number >= 1, got 1.5'],
    [{ batchSize: '' }, '--batch-size: it must be a whole number >= 1, got '],
    [{ weightLr: -1 }, '--weight-lr: it must be a number >= 0 and <= 1e+38, got -1'],
    [{ weightLr: Number.NaN }, '--weight-lr: '],
    [{ weightLr: 'fast' }, '--weight-lr: it must be a number >= 0 and <= 1e+38, got fast'],
    [{ momentum: 1 }, '--momentum: it must be a number >= 0 and < 1, got 1'],
    [{ gradClip: 0 }, '--grad-clip: it must be a number > 0, got 0'],
    [{ gradClip: Number.POSITIVE_INFINITY }, '--grad-clip: '],
    [{ logitScale: 0 }, '--logit-scale: it must be a number > 0, got 0'],
    [{ order: 3 }, '--order: it must be one of 1, 2, got "3"'],
    [{ archOptimizer: 'adm' }, '--arch-optimizer: it must be one of adam, sgd, got "adm"; did you mean "adam"?'],
    [{ sampling: 'clas' }, /--sampling: it must be one of .*, got "clas"; did you mean "class"\?/],
    [{ freeze: 'squar' }, /--freeze: .* did you mean "squared"\?/],
    [{ bnScope: 'per-branch' }, /--bn-scope: .* did you mean "perBranch"\?/],
    [{ mixing: 'parabolic' }, '--mixing: Cannot read schedule "parabolic": unknown schedule "parabolic": did you mean'],
    [{ mixing: 'constant(1.2)' }, /--mixing: .* must be in \[0, 1\], got 1.2 at t = 0.00/],
    [{ mixing: 0.5 }, '--mixing: Cannot read schedule "0.5": a number that stays is written constant(0.5)'],
    [{ loss: 'cross-entropi' }, /--loss: .* did you mean "cross-entropy"\?/],
    [{ space: 'dart' }, /--space: .* did you mean "darts"\?/],
    [{ relax: 'softmx' }, /--relax: .* did you mean "softmax"\?/],
    [
      { selector: 'darts(0)' },
      /--selector: Cannot select edges: the number to keep must be a whole number >= 1, got 0/,
    ],
    [{ stop: 'skip(2)' }, /--stop: .* did you mean "skips"\?/],
    [{ augment: 'crop(4) + flop' }, /--augment: .* did you mean "flip"\?/],
  ])('refuse what cannot be: %o', (values, message) => {
    expect(() => hls.with(values)).toThrow(RangeError);
    expect(() => hls.with(values)).toThrow(message);
  });
});

describe('a plan', () => {
  it('knows its sizes from what was changed of its method', () => {
    expect(sizeNames(hls)).toEqual([
      ...['epochs', 'batchSize', 'steps', 'channels', 'layers', 'nodes'],
      ...['stages', 'projection'],
    ]);
    const values = { epochs: 7, mixing: 'reverseSigmoid', logitScale: '2', weightLr: 0.02, loss: 'cross-entropy' };
    expect(changesOf(scaled(hls, { scale: 'smoke', values }))).toEqual({ mixing: 'reverseSigmoid', logitScale: 2 });
  });

  it('has the paper’s number only as it stands', () => {
    expect(described(scaled(hls, { scale: 'smoke' })).paper).toBe(65.12);
    expect(described(hls.with({ logitScale: 2 })).paper).toBeNull();
  });

  it('lets what is given win over its scale', () => {
    expect(scaled(hls, { scale: 'smoke', values: { layers: 5 } }).values).toMatchObject({ epochs: 2, layers: 5 });
  });

  it('of a run of another version is refused with what differs', () => {
    const record = described(darts.with({}));
    expect(() => planOf({ ...record, name: 'mine' })).toThrow(/no recipe "mine", only darts, .*name that with --use/);
    expect(() => planOf({ ...record, options: { ...record.options, colour: 1 } })).toThrow(
      /this version does not accept the settings in run.json \(Cannot use --colour: /,
    );
  });
});

describe('a run of format 1', async () => {
  const results = await resultRuns();
  const files = readdirSync(results, { recursive: true, encoding: 'utf8' }).filter((file) => /run\.json$/.test(file));

  it('is described as its plan is now, so that it is known again and continued', () => {
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) {
      const { experiment } = runInfo.parse(JSON.parse(readFileSync(join(results, file), 'utf8')));
      const now = described(planOf(experiment));
      const { method, phases, streams, space, options } = experiment;
      expect({ ...now, options: {} }, file).toMatchObject({ method, phases, streams, space });
      expect(now.phases, file).toEqual(phases);
      expect(now.options, file).toMatchObject(options);
    }
  });
});

describe('experiments', () => {
  it('have names of their own, and the nearest is suggested', () => {
    expect(new Set(experiments.names()).size).toBe(experiments.all().length);
    expect(() => experiments.named('hsl')).toThrow('Unknown recipe "hsl": did you mean "hls"?');
    expect(() => experiments.add(darts)).toThrow('Cannot add recipe "darts": the name is taken');
  });
});
