import { describe, expect, it } from 'vitest';
import { type BilateralNet, bilateralNetwork } from '../src/net/index.js';
import { testing } from '../src/nn/index.js';
import { add, crossEntropy, type Dtype, grad, mul, noGrad, scope, type Tensor } from '../src/tensor/index.js';
import { type Bilateral, byAlpha, exact, pair, resetAlphas, rounded } from './support/bilateral-fixtures.js';
import { compare, maxAbs, shapeOf } from './support/compare.js';
import {
  digestError,
  digestOf,
  fillWeights,
  given,
  labelsOf,
  ourName,
  readJson,
  training,
} from './support/fixtures.js';

const build = (f: Bilateral, { dtype = 'float64' }: { dtype?: Dtype } = {}): BilateralNet => {
  const net = bilateralNetwork(shapeOf(f, dtype), { bnScope: f.bnScope });
  fillWeights(net.store, f);
  resetAlphas(net);
  return net;
};

/** Mixed logits and the loss mixed alike (eq 10). */
const forward = (net: BilateralNet, f: Bilateral, mixing: number): { loss: Tensor; logits: Tensor } => {
  const [ours, theirs] = pair(f, 'train', { k: 0, dtype: net.store.dtype }).map(given);
  const [instance, klass] = [given(ours), given(theirs)];
  const logits = net.mix(net.branches(instance.images, klass.images, training), mixing);
  const [own, other] = [instance, klass].map((batch) => crossEntropy(logits, labelsOf(batch)));
  return { logits, loss: add(mul(given(own), mixing), mul(given(other), 1 - mixing)) };
};

const TIGHT = 1e-9;

/** |ours − theirs| / |theirs| of two vectors, L2. */
const relative = (ours: readonly number[], theirs: readonly number[]): number =>
  Math.hypot(...theirs.map((v, i) => v - (ours[i] ?? Number.NaN))) / Math.hypot(...theirs);

/** One pass in training mode from a fresh state, and what PyTorch has for it: the relative errors. */
const passErrors = (f: Bilateral, dtype: Dtype) => {
  const { mixing, ...theirs } = f.pass;
  const net = build(f, { dtype });
  expect(net.alphas.map((a) => `${a.component}.${a.kind}`)).toEqual(f.alphaNames);
  const errors = scope(() => {
    const { loss, logits } = forward(net, f, mixing);
    const gradients = grad(loss, [...net.store.leaves, ...net.alphas.map((a) => a.value)], { unused: 'zeros' });
    const alphas = [...byAlpha(net.alphas, gradients.slice(net.store.leaves.length))].map(([name, gradient]) => ({
      ours: gradient.toArray(),
      theirs: given(theirs.alphaGradient[name]).flat(),
    }));
    const weights = new Map(net.store.parameters.map((p, i) => [p.name, given(gradients[i])]));
    const norms = theirs.weightGradients.map((d) => d.norm);
    const floor = Math.max(...norms) * 1e-6;
    // A mean near 0 is only as exact as the deviation around it, which the momentum of 0.1 brings to about 0.1.
    const bufferFloor = dtype === 'float32' ? 0.1 : 1e-6;
    const parts = f.weights.map(({ name }, i) =>
      digestError(digestOf(given(weights.get(ourName(name, f)))), given(theirs.weightGradients[i]), {
        floor: Math.hypot(...norms),
      }),
    );
    const { images } = given(pair(f, 'train', { k: 0, dtype })[0]);
    const { logits: answers } = noGrad(() => given(net.answers(images, testing, [{ mixing }])[0]));
    return {
      logits: maxAbs(logits.toArray(), theirs.logits.flat()),
      loss: Math.abs(loss.item() - theirs.loss) / theirs.loss,
      evalLogits: maxAbs(answers.toArray(), theirs.evalLogits.flat()),
      buffers: compare(net.store.buffers, theirs.buffers, { names: f.buffers, fixture: f, floor: bufferFloor }),
      alpha: Math.max(...alphas.map((a) => maxAbs(a.ours, a.theirs))),
      alphaVector: relative(
        alphas.flatMap((a) => a.ours),
        alphas.flatMap((a) => a.theirs),
      ),
      weights: compare(weights, theirs.weightGradients, { names: f.weights, fixture: f, floor }),
      // A digest's dot product, with noise of variance 1/3, shows 1/√3 of a difference on average; its norm may show
      // more.
      weightVector: Math.sqrt(3) * Math.hypot(...parts),
    };
  });
  net.dispose();
  return errors;
};

const expectBelow = (limit: number, errors: Readonly<Record<string, number | [string, number]>>): void => {
  for (const [what, error] of Object.entries(errors))
    expect(Array.isArray(error) ? error[1] : error, `${what}: ${error}`).toBeLessThan(limit);
};

describe.each(['bilateral-joint', 'bilateral-branch'])('parity of %s with PyTorch in float64', (name) => {
  const f = exact.parse(readJson(name));

  it('logits, loss, every gradient and buffer of a pass agree to 1e-9', () => {
    expectBelow(TIGHT, passErrors(f, 'float64'));
  });

  it.each(f.ends)(
    'at mixing $mixing loss and gradients of alpha agree, zeros included',
    ({ mixing, loss, alphaGradient }) => {
      const net = build(f);
      scope(() => {
        const outcome = forward(net, f, mixing);
        expect(Math.abs(outcome.loss.item() - loss) / loss).toBeLessThan(TIGHT);
        const gradients = grad(
          outcome.loss,
          net.alphas.map((a) => a.value),
          { unused: 'zeros' },
        );
        for (const [alpha, gradient] of byAlpha(net.alphas, gradients))
          expect(digestError(digestOf(gradient), given(alphaGradient[alpha]), { floor: 1e-6 }), alpha).toBeLessThan(
            TIGHT,
          );
      });
      net.dispose();
    },
  );
});

describe('parity of bilateral-float32 with PyTorch in float32', () => {
  const f = rounded.parse(readJson('bilateral-float32'));
  // What PyTorch's own two layouts differ by, over its draws: a ReLU or a pooling tie near its kink flips in one and
  // not in the other.
  const most = (pick: 'alpha' | 'weights') =>
    Math.max(
      ...f.layouts.flatMap((l) => [l.nchwToFloat64, l.channelsLastToFloat64, l.channelsLastToNchw]).map((l) => l[pick]),
    );

  it('outputs, loss and buffers agree to 1e-5 with float64, gradients as closely as PyTorch agrees with itself', () => {
    const { logits, loss, evalLogits, buffers, alphaVector, weightVector } = passErrors(f, 'float32');
    expectBelow(1e-5, { logits, loss, evalLogits, buffers });
    expectBelow(Math.max(1e-4, most('alpha')), { alphaVector });
    expectBelow(Math.max(1e-4, most('weights')), { weightVector });
  });
});
