import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJson } from '../../test/support/fixtures.js';
import { bytesOf, rest, tinyPlan, tinyRun, watched } from '../../test/support/tiny.js';
import type { Epoch } from '../loop/index.js';
import { dartsSpace, type Relaxation, relaxations } from '../space/index.js';
import { zeros } from '../tensor/index.js';
import { experiments, stopRules, table2, type Values } from './index.js';

const paperNames = new Set(table2.map(({ name }) => name));
const methods = experiments
  .all()
  .flatMap(({ name, options }) => (paperNames.has(name) || !('eigenvalue' in options.shape) ? [] : [name]));

/** Each method alone, with re-sampling, with two branches, and with HLS. */
const combined: [string, Values, string][] = [
  ...methods.map((name): [string, Values, string] => [name, { eigenvalue: 1, stop: 'never' }, name]),
  ['gdas, re-sampling', { sampling: 'class' }, 'gdas'],
  ['HLS, sampled', { relax: 'sampled', temperature: 'linear(10, 0.1)' }, 'hls'],
  ['HLS, gumbel on training batches', { relax: 'gumbel', archData: 'train' }, 'hls'],
  ['DARTS + BBN, dirichlet', { relax: 'dirichlet', space: 'darts-without-none' }, 'darts-bbn'],
  ['HLS, partial channels', { partial: 2, relax: 'edgeNormalised', archWarmup: 0.3, bnScope: 'perBranch' }, 'hls'],
  ['HLS, sigmoid', { relax: 'sigmoid', selector: 'threshold(0.5)' }, 'hls'],
  ['HLS, skips beside edges, perturbed', { auxiliarySkip: 'linear(1, 0)', perturbation: 'constant(0.1)' }, 'hls'],
  ['HLS, a loss of its own for alpha', { archLoss: 'balanced-softmax' }, 'hls'],
  ['HLS, class-balanced alpha', { archSampling: 'class', eigenvalue: 2 }, 'hls'],
  ['partial and sampled edges', { partial: 2, relax: 'edgeNormalised(sampled)' }, 'darts'],
];

/** What a recipe cannot do at the sizes of the others. Sampled operations run one at a time: they have no Hessian. */
const own: Readonly<Record<string, Values>> = {
  gdas: { eigenvalue: 0 },
  drnas: { eigenvalue: 0 },
  'p-darts': { epochs: 6, layers: 3, stages: '0, 0, 1' },
  'darts-pt': { nodes: 1, projection: 1 },
};
const valuesOf = (values: Values, recipe: string): Values => ({ ...values, ...own[recipe] });

describe('search methods', () => {
  it.each(combined)('%s: a run that is stopped within an epoch ends in the same bytes', async (_, values, recipe) => {
    const { phases } = tinyPlan(valuesOf({ epochs: 2, ...values }, recipe), recipe);
    const stop = { epoch: 1, step: 2 };
    const { events, records, middle, end } = await watched(
      tinyRun(phases),
      (event) => event.type === 'step' && event.epoch === stop.epoch && event.step === stop.step,
    );
    const resumed = tinyRun(phases, { resume: middle, records });
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
  });

  it('move alpha, but not before their warm-up is over', async () => {
    const live = tinyRun(tinyPlan({ epochs: 4, archWarmup: 0.5, channels: 4 }, 'pc-darts').phases);
    const alphas: unknown[] = [];
    for await (const event of live) if (event.type === 'epoch') alphas.push(event.record.alpha);
    live.dispose();
    expect(alphas[1]).toEqual(alphas[0]);
    expect(alphas[2]).not.toEqual(alphas[1]);
  });

  it("give alpha a loss of its own, which the weights' first step does not know", async () => {
    const normsOf = async (archLoss: string) => {
      const live = tinyRun(tinyPlan({ archLoss, epochs: 1, archLr: 0 }, 'darts').phases);
      const events = await rest(live);
      const bytes = bytesOf(live);
      live.dispose();
      return { gradNorm: Object(events.at(-1)).gradNorm, bytes };
    };
    // At rate 0 alpha's gradient is not computed, so the weights are the same whatever its loss is.
    const [same, focal] = [await normsOf('same'), await normsOf('focal(2)')];
    expect(focal.bytes.equals(same.bytes)).toBe(true);
    const moved = async (archLoss: string) => {
      const live = tinyRun(tinyPlan({ archLoss, epochs: 1 }, 'darts').phases);
      const events = await rest(live);
      live.dispose();
      return Object(events.at(-1)).gradNorm.alpha.backbone;
    };
    expect(await moved('cross-entropy')).toBe(await moved('same'));
    expect(await moved('focal(2)')).toBeLessThan(await moved('same'));
  });

  it('measure eigenvalues without a trace in what they train', async () => {
    const endOf = async (eigenvalue: number) => {
      const live = tinyRun(tinyPlan({ eigenvalue }).phases);
      const events = await rest(live);
      const bytes = bytesOf(live);
      live.dispose();
      return { events, bytes };
    };
    const [with_, without] = [await endOf(1), await endOf(0)];
    expect(with_.bytes.equals(without.bytes)).toBe(true);
    const found = with_.events.flatMap((event) => Object(event).eigenvalue ?? []);
    expect(found).toHaveLength(2);
    for (const value of found) expect(value).toBeGreaterThan(0.0005); // the decay of alpha alone is 0.001
  });

  it.each<[Values, string, string]>([
    [{ order: 2 }, 'gdas', 'Cannot use --order 2 with --relax sampled'],
    [{ order: 2 }, 'snas', 'Cannot use --order 2 with --relax gumbel'],
    [{ order: 2, archData: 'train' }, 'darts', 'Cannot use --order 2 with --arch-data train'],
    [{ temperature: 'constant(2)' }, 'drnas', 'use --temperature "constant(1)", or --relax softmax'],
    [{ perturbation: 'constant(0.1)' }, 'fair-darts', 'use --perturbation "constant(0)", or --relax softmax'],
    [{ partial: 3 }, 'darts', 'Cannot use --partial 3 with --channels 4'],
    [{ archData: 'train', archSampling: 'class' }, 'darts', 'Cannot use --arch-sampling with --arch-data train'],
    [{ archData: 'train', archLoss: 'focal' }, 'darts', 'Cannot use --arch-loss with --arch-data train'],
    [{ archLoss: 'ldam' }, 'darts', 'use --classifier cosine'],
    [{ temperature: 'linear(10, 0.1)', relax: 'sigmoid' }, 'gdas', 'Cannot use --relax sigmoid with --temperature'],
    [{ relax: 'dirichlet', eigenvalue: 2 }, 'robust-darts', 'use --eigenvalue 0 --stop never'],
    [{ stop: 'skips', layers: 2 }, 'darts', 'Cannot use --stop "skips(2)" with --layers 2: it counts skip'],
    [{ layers: 1 }, 'darts-plus', 'there are none; use --layers 3 or more'],
    [{ drops: '0, 3', layers: 3, epochs: 3, stages: '0, 0, 1' }, 'p-darts', 'it must have a number for each stage'],
    [
      { drops: '0, 3, 3', layers: 3, epochs: 3, stages: '0, 0, 1' },
      'p-darts',
      'at least 2 other than none must be left',
    ],
    [{ stop: 'eigenvalue' }, 'darts', 'Cannot use --stop "eigenvalue" without eigenvalues'],
    [{ eigenvalue: 2 }, 'gdas', 'Cannot use --eigenvalue with --relax sampled'],
    [{ eigenvalue: 2 }, 'drnas', 'it compares passes, and each would draw other weights'],
    [{ selector: 'maxSkips(2)' }, 'darts-pt', 'Cannot use --projection with --selector maxSkips(2)'],
    [{ relax: 'softmax', temperature: 'constant(1)', perturbation: 'constant(0.1)' }, 'snas', 'share a pass'],
    [{ layers: 2, epochs: 3, stages: '0, 0, 1' }, 'p-darts', 'Cannot use --drops with --layers 2'],
    [{ relax: 'edgeNormalised(edgeNormalised)' }, 'darts', 'edgeNormalised or edgeNormalised(relaxation)'],
    [{ mixing: 'constant(0)' }, 'gdas', 'Cannot use --mixing with gdas: it has one branch; use darts-bbn or hls'],
    [{ temperature: 'step(0.5, 1, 0)' }, 'gdas', 'the temperature must be > 0, got 0 at t = 0.50'],
    [{ auxiliarySkip: 'constant(2)' }, 'darts', 'their weight must be in [0, 1], got 2'],
    [{ archWarmup: 1 }, 'darts', 'Cannot use --arch-warmup: it must be a number >= 0 and < 1, got 1'],
  ])('refuse %j of %s before anything is built', (values, recipe, message) => {
    expect(() => tinyPlan(values, recipe)).toThrow(message);
  });
});

/** The records of a run of DARTS. */
const recordsOf = async (values: Values): Promise<Epoch[]> => {
  const live = tinyRun(tinyPlan(values).phases);
  const records: Epoch[] = [];
  for await (const event of live) if (event.type === 'epoch') records.push(event.record);
  live.dispose();
  return records;
};

describe('what a search says before it starts', () => {
  it.each<[string, Values, string, string[]]>([
    ['a warm-up that never ends', { epochs: 1 }, 'pc-darts', [expect.stringContaining('alpha is not trained')]],
    ['a stage too short for it', { epochs: 3 }, 'p-darts', [expect.stringContaining('in any epoch of a stage')]],
    [
      'a rule that needs more epochs than there are',
      { epochs: 10 },
      'robust-darts',
      ['--stop "eigenvalue" cannot end the search: it needs 23 epochs in which alpha learns, there are 10'],
    ],
    [
      'one that does not count the warm-up',
      { epochs: 10, archWarmup: 0.3, stop: 'stable(8)' },
      'darts',
      ['--stop "stable(8)" cannot end the search: it needs 8 epochs in which alpha learns, there are 7'],
    ],
    [
      'a threshold that weights do not reach',
      { selector: 'threshold' },
      'darts',
      [
        expect.stringContaining(
          '--selector "threshold(0.85)" with --relax softmax: the weights of an edge add up to 1',
        ),
      ],
    ],
    ['that alpha has no rate', { archLr: 0 }, 'darts', [expect.stringContaining('--arch-lr is 0')]],
    ['nothing of a threshold that weights reach', { selector: 'threshold(0.2)' }, 'darts', []],
    ['nothing where all is well', { epochs: 23 }, 'robust-darts', []],
    ['nothing of a threshold on weights that do not compete', {}, 'fair-darts', []],
  ])('%s', (_, values, recipe, notices) => {
    expect(experiments.named(recipe).with({ ...values }).notices).toEqual(notices);
  });
});

describe('stop rules while alpha waits', () => {
  it('see no epoch of it', async () => {
    const values = { epochs: 4, archWarmup: 0.5, stop: 'stable(2)' };
    const epochs = (await recordsOf(values)).map(({ knobs }) => knobs['archWait']);
    expect(epochs).toEqual([1, 1, 0, 0]);
  });
});

const epochWith = (epoch: number, rest_: Partial<Epoch>): Epoch => ({
  ...{ kind: 'search', phase: 'search', epoch, t: 0, knobs: {}, trainLoss: 0, trainAccuracy: 0 },
  ...{ validLoss: null, validAccuracy: null, perClassAccuracy: null, answers: null, gradNorm: {} },
  ...{ seconds: 0, imagesPerSecond: 0 },
  ...rest_,
});

describe('stopping by the eigenvalue', () => {
  const { runs } = z
    .object({
      runs: z.array(
        z.object({
          epochs: z.array(z.number()),
          dominant: z.array(z.number()),
          detectedAt: z.number(),
          stopEpoch: z.number(),
          ratio: z.number(),
        }),
      ),
    })
    .parse(readJson('robustdarts'));

  it.each(runs.map((run, i) => [i, run] as const))('is where RobustDARTS stopped, run %i', (_, run) => {
    const rule = stopRules.read('eigenvalue');
    const values = new Map(run.epochs.map((epoch, i) => [epoch, run.dominant[i]]));
    const records: Epoch[] = [];
    let reason: string | undefined;
    while (reason === undefined && records.length < 50) {
      const epoch = records.length;
      const eigenvalue = epoch % 2 === 0 ? values.get(epoch) : undefined;
      records.push(epochWith(epoch, eigenvalue === undefined ? {} : { eigenvalue }));
      reason = rule.reason(records, dartsSpace);
    }
    expect(records.at(-1)?.epoch).toBe(run.detectedAt);
    expect(rule.goesBackTo?.(records)).toBe(run.stopEpoch);
    expect(reason).toBe(`the eigenvalue has grown ${run.ratio.toFixed(2)} times`);
    expect(rule.least?.({ eigenvalue: 2 })).toBeLessThanOrEqual(run.detectedAt + 1);
    expect(stopRules.read('eigenvalue(1.3, 0)').least?.({ eigenvalue: 1 })).toBe(7);
  });

  it('gives the cells of the epoch that it goes back to', async () => {
    const [phase] = tinyPlan({ epochs: 4, archLr: 1 }).phases;
    if (phase === undefined) throw new Error('a search has a phase');
    const stop = { label: 'back', reason: (e: readonly Epoch[]) => (e.length === 3 ? 'enough' : undefined) };
    const live = tinyRun([{ ...phase, stop: { ...stop, goesBackTo: () => 0 } }]);
    const genotypes: unknown[] = [];
    const reasons: string[] = [];
    for await (const event of live) {
      if (event.type === 'epoch') genotypes.push(event.record.genotype);
      if (event.type === 'stop') reasons.push(event.reason);
    }
    expect(genotypes).toHaveLength(3);
    expect(live.genotypes()).toEqual(genotypes[0]);
    expect(reasons).toEqual(['enough; the cells are those of epoch 1']);
    expect(genotypes[2]).not.toEqual(genotypes[0]);
    live.dispose();
  });
});

describe('a search that goes back to earlier cells', () => {
  it('does not say so where another phase goes on with the network', async () => {
    const [phase] = tinyPlan({ epochs: 2 }).phases;
    if (phase === undefined) throw new Error('a search has a phase');
    const stop = { label: 'back', reason: () => 'enough', goesBackTo: () => 0 };
    const { start: _, ...more } = phase;
    const live = tinyRun([
      { ...phase, stop },
      { ...more, name: 'more', epochs: 1, stop: undefined },
    ]);
    const reasons: string[] = [];
    for await (const event of live) if (event.type === 'stop') reasons.push(event.reason);
    live.dispose();
    expect(reasons).toEqual(['enough']);
  });
});

describe('stopping when the order is stable', () => {
  const weights = (first: number): Partial<Epoch> => ({
    opWeights: { backbone: { normal: [[0.1, 0.2, 0.1, 0.2, first, 0.3, 0.05, 0.04]] } },
  });
  it('waits for so many epochs in which no two convolutions of an edge change places', () => {
    const { reason, label } = stopRules.read('stable(3)');
    expect(label).toBe('stable(3)');
    const course = [0.2, 0.4, 0.5, 0.6].map((first, epoch) => epochWith(epoch, weights(first)));
    expect(reason(course.slice(0, 3), dartsSpace)).toBeUndefined();
    expect(reason(course, dartsSpace)).toContain('the same for 3 epochs');
    expect(reason([epochWith(0, {}), epochWith(1, {}), epochWith(2, {})], dartsSpace)).toBeUndefined();
  });
});

describe('what alpha’s loss has beside the network’s', () => {
  it('is of operations alone: weights of edges are no part of it', async () => {
    const usual = relaxations.read('edgeNormalised(sigmoid)');
    const seen = new Set<string>();
    const penalty: Relaxation['penalty'] = (ops) => {
      for (const { shape } of ops) seen.add(shape.join('×'));
      return usual.penalty?.(ops) ?? zeros([]);
    };
    relaxations.add('watched', { usage: 'watched', make: () => ({ ...usual, label: 'watched', penalty }) });
    const live = tinyRun(tinyPlan({ relax: 'watched', epochs: 1 }).phases);
    await rest(live);
    live.dispose();
    expect([...seen]).toEqual(['5×8']);
  });
});
