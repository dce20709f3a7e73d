import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { losses, reweighted } from '../src/loss/index.js';
import { type Classifier, cosineClassifier, etfClassifier } from '../src/net/index.js';
import { ParameterStore, type Target } from '../src/nn/index.js';
import { grad, inPlace, noGrad, scope, sub, type Tensor, tensor } from '../src/tensor/index.js';
import { maxAbs } from './support/compare.js';
import { given, matrix, readJson } from './support/fixtures.js';

const numbers = z.array(z.number());
const passed = z.object({ cosines: matrix, value: z.number(), byFeatures: matrix });
// What bench/pytorch/loss_fixtures.py took from PyTorch; it says what is in it.
const fixture = z
  .object({
    counts: numbers,
    labels: numbers,
    others: numbers,
    shares: numbers,
    logits: z.object({ near: matrix, far: matrix }),
    losses: z.array(
      z.object({
        label: z.string(),
        cosines: z.number().nullable(),
        logits: z.enum(['near', 'far']),
        targets: z.enum(['one', 'two', 'each']),
        reweight: z.number(),
        value: z.number(),
        gradient: matrix,
      }),
    ),
    features: matrix,
    cosine: passed.extend({ weight: matrix, byWeight: matrix }),
    etf: passed.extend({
      directions: matrix,
      weight: numbers,
      bias: numbers,
      byWeight: numbers,
      byBias: numbers,
      runningMean: numbers,
      runningVar: numbers,
    }),
  })
  .parse(readJson('losses'));

const TIGHT = 1e-9;
const float64 = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, { dtype: 'float64' });
const int64 = (values: readonly number[]): Tensor => tensor(values, { dtype: 'int64' });

const targetsOf = (kind: 'one' | 'two' | 'each'): Target[] => {
  const [labels, others] = [int64(fixture.labels), int64(fixture.others)];
  if (kind === 'one') return [{ labels, share: 1 }];
  const share = kind === 'two' ? 0.3 : float64(fixture.shares);
  const rest = typeof share === 'number' ? 0.7 : sub(float64(fixture.shares.map(() => 1)), share);
  return [
    { labels, share },
    { labels: others, share: rest },
  ];
};

describe('losses agree with PyTorch in float64 to 1e-9, values and gradients', () => {
  it('has all of them, plain and deferred, near and far', () => {
    const names = new Set(fixture.losses.map(({ label }) => label.split('(')[0]));
    expect([...names].sort()).toEqual([...losses.names()].sort());
    expect(fixture.losses).toHaveLength(150);
  });

  it.each(fixture.losses)('$label: $logits logits, $targets targets, re-weighted $reweight', (f) => {
    scope(() => {
      const loss = losses.read(f.label);
      const cosines = f.cosines === null ? undefined : { scale: f.cosines, fixed: true };
      const criterion = (f.reweight === 0 ? loss : reweighted(loss)).build(fixture.counts, { cosines });
      const logits = float64(fixture.logits[f.logits]).requireGrad();
      const value = criterion(logits, targetsOf(f.targets), { training: true, knobs: { reweight: f.reweight } });
      expect(Math.abs(value.item() - f.value) / Math.abs(f.value)).toBeLessThan(TIGHT);
      const [gradient] = grad(value, [logits]);
      expect(maxAbs(given(gradient).toArray(), f.gradient.flat())).toBeLessThan(TIGHT);
    });
  });
});

/** A classifier with the fixture's tensors in it, by the ends of their names, on the fixture's features. */
const run = (kind: Classifier, tensors: Readonly<Record<string, number[] | number[][]>>) => {
  const store = new ParameterStore({ dtype: 'float64' });
  const [shape] = [{ channels: fixture.features[0]?.length ?? 0, classes: fixture.counts.length }];
  const classify = kind.build(store.component('classifier').child('classifier'), shape);
  store.allocate();
  const all = [...store.buffers, ...store.parameters.map(({ name, value }) => [name, value] as const)];
  noGrad(() => {
    for (const [end, values] of Object.entries(tensors)) {
      const [, target] = given(all.find(([name]) => name === `classifier.${end}`));
      inPlace.copy(target, float64(values));
    }
  });
  const features = float64(fixture.features).requireGrad();
  const logits = classify(features, { training: true, knobs: {} });
  return { store, features, logits };
};

describe('classifiers agree with PyTorch in float64 to 1e-9', () => {
  it('cosine(30) and ldam(0.5, 30) are the normed layer and the loss of LDAM-DRW', () => {
    scope(() => {
      const f = fixture.cosine;
      const { store, features, logits } = run(cosineClassifier(), { weight: f.weight });
      expect(
        maxAbs(
          logits.toArray(),
          f.cosines.flat().map((c) => 30 * c),
        ),
      ).toBeLessThan(TIGHT);
      const { cosines } = cosineClassifier();
      const value = losses.read('ldam').build(fixture.counts, { cosines })(logits, targetsOf('one'), {
        training: true,
        knobs: {},
      });
      expect(Math.abs(value.item() / f.value - 1)).toBeLessThan(TIGHT);
      const [byFeatures, byWeight] = grad(value, [features, ...store.leaves]).map((g) => g.toArray());
      expect(maxAbs(given(byFeatures), f.byFeatures.flat())).toBeLessThan(TIGHT);
      expect(maxAbs(given(byWeight), f.byWeight.flat())).toBeLessThan(TIGHT);
      store.dispose();
    });
  });

  it('etf with dot regression, its batch norm, and nothing else to train', () => {
    scope(() => {
      const f = fixture.etf;
      const kind = etfClassifier(16);
      const { store, features, logits } = run(kind, {
        directions: f.directions,
        'norm.weight': f.weight,
        'norm.bias': f.bias,
      });
      expect(store.parameters.map(({ name }) => name)).toEqual(['classifier.norm.weight', 'classifier.norm.bias']);
      expect(
        maxAbs(
          logits.toArray(),
          f.cosines.flat().map((c) => 16 * c),
        ),
      ).toBeLessThan(TIGHT);
      const value = losses.read('dot-regression').build(fixture.counts, kind)(logits, targetsOf('one'), {
        training: true,
        knobs: {},
      });
      expect(Math.abs(value.item() / f.value - 1)).toBeLessThan(TIGHT);
      const [byFeatures, byWeight, byBias] = grad(value, [features, ...store.leaves]).map((g) => g.toArray());
      expect(maxAbs(given(byFeatures), f.byFeatures.flat())).toBeLessThan(TIGHT);
      expect(maxAbs(given(byWeight), f.byWeight)).toBeLessThan(TIGHT);
      expect(maxAbs(given(byBias), f.byBias)).toBeLessThan(TIGHT);
      for (const [name, theirs] of [
        ['running_mean', f.runningMean],
        ['running_var', f.runningVar],
      ] as const)
        expect(maxAbs(given(store.buffers.get(`classifier.norm.${name}`)).toArray(), theirs)).toBeLessThan(TIGHT);
      store.dispose();
    });
  });
});
