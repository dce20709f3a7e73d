import { describe, expect, it } from 'vitest';
import { bytesOf, rest, tinyDataset, tinyPlan, tinyRun, watched } from '../../test/support/tiny.js';
import { drawn, placesOf, takePath } from '../learn/index.js';
import type { LoopEvent } from '../loop/index.js';
import { BACKBONE, freeze, searchNetwork } from '../net/index.js';
import { randomArchitecture, singlePathRelaxation } from '../space/index.js';
import { add, liveTensors, parseSafetensors, randn, rng, scope } from '../tensor/index.js';
import type { Values } from './index.js';

const recipes: [string, Values][] = [
  ['random-ws', {}],
  ['evolution', { population: 4, tournament: 2 }],
  ['enas', {}],
];
/** One that goes on with a new classifier, and a second selection. */
const adapting: Values = { population: 4, tournament: 2, headEpochs: 2 };
/** Sizes at which each takes milliseconds per step. Rates of alpha are refused here. */
const plan = (recipe: string, values: Values = {}) =>
  tinyPlan({ epochs: 1, candidates: 7, candidateBatches: 2, ...values }, recipe);

const combined: [string, Values][] = recipes.flatMap(([recipe, values]): [string, Values][] => [
  [recipe, values],
  [recipe, { ...values, sampling: 'class', candidateSampling: 'class' }],
  [recipe, { ...values, bilateral: true, candidates: 5 }],
]);

const at = (epoch: number, step: number) => (event: LoopEvent) =>
  event.type === 'step' && event.epoch === epoch && event.step === step;
const endOf = (epoch: number) => (event: LoopEvent) => event.type === 'epoch' && event.record.epoch === epoch;

/** Where each is stopped: one of each method within both phases, the others where it differs. */
const stops: { recipe: string; values: Values; where: string; stop: (event: LoopEvent) => boolean }[] = [
  ...combined.map(([recipe, values]) => ({ recipe, values, where: 'within the selection', stop: at(1, 4) })),
  ...recipes.map(([recipe, values]) => ({ recipe, values, where: 'within training', stop: at(0, 2) })),
  { recipe: 'enas', values: {}, where: 'at the end of training', stop: endOf(0) },
  { recipe: 'enas', values: {}, where: 'at the end', stop: endOf(1) },
  { recipe: 'imb-nas', values: adapting, where: 'before the new classifier', stop: endOf(1) },
  { recipe: 'imb-nas', values: adapting, where: 'while it is trained', stop: at(3, 1) },
  { recipe: 'imb-nas', values: adapting, where: 'within the second selection', stop: at(4, 4) },
];

describe('a search among whole architectures', () => {
  it.each(stops)('$recipe $values, stopped $where, ends in the same bytes', async ({ recipe, values, stop }) => {
    const { phases } = plan(recipe, values);
    const { events, records, middle, end } = await watched(tinyRun(phases, { seed: 3 }), stop);
    const resumed = tinyRun(phases, { seed: 3, resume: middle, records });
    expect(bytesOf(resumed).equals(middle)).toBe(true);
    expect(await rest(resumed)).toEqual(events);
    expect(bytesOf(resumed).equals(end)).toBe(true);
    resumed.dispose();
  });

  it.each(recipes)('%s keeps the best candidate, and leaves no tensor behind', async (recipe, values) => {
    const before = liveTensors();
    const live = tinyRun(plan(recipe, values).phases);
    const accuracies: number[] = [];
    const found: unknown[] = [];
    let sum = 0;
    let last: unknown;
    for await (const event of live) {
      if (event.type === 'step' && event.epoch === 1) {
        accuracies.push(event.accuracy * event.step - sum);
        sum = event.accuracy * event.step;
        found.push(live.genotypes());
      }
      if (event.type === 'epoch') last = event.record;
    }
    expect(accuracies).toHaveLength(7);
    const best = Math.max(...accuracies);
    const first = accuracies.findIndex((accuracy) => accuracy > best - 1e-9);
    expect(live.genotypes()).toEqual(found[first]);
    expect(last).toMatchObject({ phase: 'selection', genotype: found[first], candidates: { evaluated: 7 } });
    expect(Object(last).candidates.best).toBeCloseTo(best, 12);
    live.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('compares candidates on the same images, whose statistics stay out of the network', async () => {
    // One architecture alone: nothing differs between candidates but what they are evaluated on.
    const live = tinyRun(plan('random-ws', { nodes: 1, candidates: 40 }).phases);
    const seen = new Map<string, number>();
    let sum = 0;
    for await (const event of live) {
      if (event.type !== 'step' || event.epoch !== 1) continue;
      const loss = event.loss * event.step - sum;
      sum = event.loss * event.step;
      seen.set(loss.toFixed(9), (seen.get(loss.toFixed(9)) ?? 0) + 1);
    }
    live.dispose();
    // 49 architectures of the one node: 40 draws without a repetition are as good as impossible.
    expect(Math.max(...seen.values())).toBeGreaterThan(1);
  });

  it('adapts by a new classifier on frozen features, and selects again', async () => {
    const live = tinyRun(plan('imb-nas', adapting).phases);
    const states: Map<string, number[]>[] = [];
    const phases: string[] = [];
    for await (const event of live) {
      if (event.type !== 'epoch') continue;
      phases.push(event.record.phase);
      const { tensors } = parseSafetensors(bytesOf(live));
      states.push(new Map(Object.entries(tensors).map(([name, t]) => [name, t.toArray()])));
      if (event.record.phase === 'head')
        expect(Object.keys(event.record.gradNorm['weights'] ?? {})).toEqual(['classifier']);
    }
    expect(phases).toEqual(['search', 'selection', 'head', 'head', 'adapted-selection']);
    const moved = (from: number, to: number) =>
      [...(states[from] ?? [])].flatMap(([name, was]) =>
        name.startsWith('weight/') && was.join() !== states[to]?.get(name)?.join() ? [name] : [],
      );
    expect(moved(0, 1)).toEqual([]);
    expect(moved(1, 2).sort()).toEqual(['weight/classifier.bias', 'weight/classifier.weight']);
    expect(moved(3, 4)).toEqual([]);
    live.dispose();
  });

  it('normalises frozen features by their batch, since running statistics are a mean over architectures', () => {
    const net = searchNetwork(
      { channels: 2, layers: 2, nodes: 1, classes: 3, inputChannels: 3 },
      { relaxation: singlePathRelaxation, classifierApart: true },
    );
    takePath(net, {
      genotypes: randomArchitecture(placesOf(net, { nodes: 1 }), drawn),
      places: placesOf(net, { nodes: 1 }),
    });
    const logits = (training: boolean) =>
      scope(() => {
        rng.seed(2);
        const [answer] = net.answers(add(randn([4, 3, 8, 8]), 3), { training, knobs: {} });
        return answer?.logits.toArray();
      });
    const before = logits(true);
    freeze(net, [BACKBONE], { statistics: 'batch' });
    expect(logits(true)).toEqual(before);
    freeze(net, [BACKBONE]);
    expect(logits(true)).not.toEqual(before);
    net.dispose();
  });

  it('needs validation images, and says so before it trains', () => {
    const dataset = { ...tinyDataset(), counts: { ...tinyDataset().counts, valid: [0, 0, 0] } };
    expect(() => tinyRun(plan('random-ws').phases, { dataset })).toThrow(/there are none; give more images/);
  });

  it('knows before the search what its second loss cannot be built for', () => {
    const dataset = { ...tinyDataset(), counts: { ...tinyDataset().counts, train: [8, 4, 0] } };
    const { phases } = plan('imb-nas', { ...adapting, headLoss: 'balanced-softmax' });
    expect(() => tinyRun(phases, { dataset })).toThrow(/class/);
  });

  it.each<[Values, string]>([
    [{ relax: 'gumbel' }, 'Cannot use --relax with random-ws: operations are on or off, none is weighed'],
    [{ selector: 'darts' }, 'Cannot use --selector with random-ws: it evaluates architectures as they are'],
    [{ eigenvalue: 2 }, 'Cannot use --eigenvalue with random-ws: it runs whole architectures, there is no alpha'],
    [{ archSampling: 'class' }, '--candidate-sampling decides which images architectures'],
    [{ stop: 'skips' }, 'give fewer --epochs instead'],
    [{ candidates: 0 }, '--candidates: it must be a whole number >= 1, got 0'],
    [{ order: 2 }, 'Cannot use --order with random-ws'],
  ])('refuses %j before anything is built', (values, message) => {
    expect(() => plan('random-ws', values)).toThrow(message);
  });

  it.each([
    [{ bnScope: 'perBranch' }, 'Cannot use --bn-scope perBranch without --bilateral: there is one branch'],
    [{ logitScale: 2 }, 'Cannot use --logit-scale 2 without --bilateral'],
    [{ mixing: 'constant(0.5)' }, 'Cannot use --mixing constant(0.5) without --bilateral'],
  ])('refuses what is of two branches where there is one: %j', (values, message) => {
    expect(() => tinyPlan(values, 'random-ws')).toThrow(message);
    expect(() => tinyPlan({ ...values, bilateral: true }, 'random-ws')).not.toThrow();
  });

  it('refuses a population that never gives birth', () => {
    expect(() => plan('evolution', { population: 8 })).toThrow('Cannot use --population 8 with --candidates 7');
  });

  it('says where the adaptation would correct the imbalance twice', () => {
    expect(plan('imb-nas', adapting).notices).toEqual([]);
    expect(plan('imb-nas', { ...adapting, sampling: 'class' }).notices).toEqual([
      expect.stringContaining('--head-loss class-balanced(0.9999) and --sampling class each make rare classes'),
    ]);
    expect(plan('imb-nas', { ...adapting, sampling: 'class', headLoss: 'cross-entropy' }).notices).toEqual([]);
  });

  it('refuses to adapt two branches, and a loss that its classifier does not suit', () => {
    expect(() => plan('imb-nas', { ...adapting, bilateral: true })).toThrow(
      'Cannot use --head-epochs with --bilateral: the features of two branches end in cells of their own',
    );
    expect(() => plan('imb-nas', { ...adapting, headLoss: 'ldam' })).toThrow('use --classifier cosine');
  });
});
