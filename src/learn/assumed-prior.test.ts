import { describe, expect, it } from 'vitest';
import type { Sampling } from '../data/index.js';
import { balancedSoftmax, crossEntropyLoss, type Loss, losses, reweighted } from '../loss/index.js';
import type { Knobs } from '../nn/index.js';
import { assumedPrior } from './assumed-prior.js';

const counts = [70, 20, 10];
const of = (
  samplings: readonly Sampling[],
  {
    loss = crossEntropyLoss(),
    at = {},
    knobs = {},
    augment = 'default',
  }: { loss?: Loss; at?: { mixing?: number }; knobs?: Knobs; augment?: string } = {},
) =>
  assumedPrior({ streams: samplings.map((sampling) => ({ part: 'train', sampling })), loss, counts, augment })(
    at,
    knobs,
  );
const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 12));
const thirds = near([1 / 3, 1 / 3, 1 / 3]);

describe('the prior that logits assume', () => {
  it('is that of the batches for cross-entropy', () => {
    expect(of(['instance'])).toEqual(near([0.7, 0.2, 0.1]));
    expect(of(['class'])).toEqual(thirds);
  });

  it('is what a loss leaves of it', () => {
    expect(of(['instance'], { loss: balancedSoftmax() })).toEqual(thirds);
    const twice = [1 / 70, 1 / 20, 1 / 10];
    const all = twice.reduce((a, b) => a + b);
    expect(of(['class'], { loss: balancedSoftmax() })).toEqual(near(twice.map((value) => value / all)));
  });

  it('is what weights and shifts of classes make of it', () => {
    const normalised = (values: readonly number[]) => {
      const all = values.reduce((a, b) => a + b);
      return near(values.map((value) => value / all));
    };
    const weights = counts.map((n) => 1 / (1 - 0.9 ** n));
    expect(of(['instance'], { loss: losses.read('class-balanced(0.9)') })).toEqual(
      normalised(counts.map((n, c) => n * (weights[c] ?? 0))),
    );
    expect(of(['instance'], { loss: losses.read('logit-adjusted(0.5)') })).toEqual(normalised(counts.map(Math.sqrt)));
    const mean = weights.reduce((a, b) => a + b) / 3;
    const half = weights.map((w) => 1 + 0.5 * (w / mean - 1));
    const reweighing = reweighted(crossEntropyLoss(), { beta: 0.9 });
    expect(of(['class'], { loss: reweighing, knobs: { reweight: 0.5 } })).toEqual(normalised(half));
    expect(of(['instance'], { loss: reweighing, knobs: { reweight: 0 } })).toEqual(near([0.7, 0.2, 0.1]));
    expect(of(['square-root'])).toEqual(normalised(counts.map(Math.sqrt)));
    expect(of(['under'])).toEqual(thirds);
  });

  it('goes from one branch to the other with the mixing', () => {
    expect(of(['instance', 'class'], { at: { mixing: 1 } })).toEqual(near([0.7, 0.2, 0.1]));
    expect(of(['instance', 'class'], { at: { mixing: 0 } })).toEqual(thirds);
    const roots = [0.7, 0.2, 0.1].map(Math.sqrt);
    const all = roots.reduce((a, b) => a + b);
    expect(of(['instance', 'class'], { at: { mixing: 0.5 } })).toEqual(near(roots.map((root) => root / all)));
  });

  it('does not look at validation streams', () => {
    const streams = [
      { part: 'valid', sampling: 'class' },
      { part: 'train', sampling: 'instance' },
    ] as const;
    const assumes = assumedPrior({ streams, loss: crossEntropyLoss(), counts, augment: 'none' });
    expect(assumes({}, {})).toEqual(near([0.7, 0.2, 0.1]));
  });

  it('is not known where labels are changed, or no probability is modelled', () => {
    expect(of(['instance'], { augment: 'default + mixup(1)' })).toEqual(near([0.7, 0.2, 0.1]));
    expect(of(['instance'], { augment: 'cutmix(1, 0.5)' })).toEqual(near([0.7, 0.2, 0.1]));
    for (const augment of ['default + cmo(1, 0.5)', 'remix(1, 3, 0.5)'])
      expect(of(['instance'], { augment })).toBeUndefined();
    const loss = losses.read('dot-regression');
    expect(of(['instance'], { loss })).toBeUndefined();
    expect(of(['instance'], { loss: reweighted(loss), knobs: { reweight: 1 } })).toBeUndefined();
    // With margins or a focus the best logits are not those of p(y | x): p = 0.9 comes out as 0.999 of LDAM.
    for (const name of ['ldam', 'focal(2)', 'class-balanced-focal(0.9, 1)', 'label-aware-smoothing(0.3, 0)'])
      expect(of(['instance'], { loss: losses.read(name) })).toBeUndefined();
    expect(of(['instance'], { loss: losses.read('focal(0)') })).toEqual(near([0.7, 0.2, 0.1]));
  });
});
