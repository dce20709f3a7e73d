import type { Alpha, BilateralModel, Model } from '../../src/net/index.js';
import { type TensorBatch, testing } from '../../src/nn/index.js';
import {
  add,
  channelsLast,
  crossEntropy,
  type Dtype,
  grad,
  inPlace,
  mul,
  noGrad,
  scope,
  type Tensor,
  tensor,
  to,
} from '../../src/tensor/index.js';
import { batchOf, given, labels, labelsOf, training } from './fixtures.js';
import { awayFromZero, numbers } from './kernels-cases.js';
import { type Errors, l2, worstOf } from './kernels-twins.js';

/** What is compared: a network, of one branch or of two. */
export type Network = Model & { readonly alphas?: readonly Alpha[] } & Partial<
    Pick<BilateralModel, 'branches' | 'mix'>
  >;

const alphasOf = ({ alphas = [] }: Network): readonly Alpha[] => alphas;

const MIXING = 0.3;
/** The loss of a training pass: cross-entropy, of two branches mixed as their logits are (eq 10). */
const lossOf = (net: Network, [first, second]: readonly TensorBatch[]): { loss: Tensor; logits: Tensor } => {
  const batch = given(first);
  if (net.branches === undefined || net.mix === undefined) {
    const { logits } = given(net.answers(batch.images, training)[0]);
    return { logits, loss: crossEntropy(logits, labelsOf(batch)) };
  }
  const other = given(second);
  const logits = net.mix(net.branches(batch.images, other.images, training), MIXING);
  const [ours, theirs] = [batch, other].map((b) => crossEntropy(logits, labelsOf(b)));
  return { logits, loss: add(mul(given(ours), MIXING), mul(given(theirs), 1 - MIXING)) };
};

/** Alphas that differ, and running statistics that are not those of a fresh network. */
export const stir = (net: Network, seed: number): void =>
  scope(() =>
    noGrad(() => {
      const fill = (x: Tensor, values: Float32Array): void => inPlace.copy(x, tensor(values, { shape: [...x.shape] }));
      const size = (x: Tensor): number => x.shape.reduce((a, b) => a * b, 1);
      for (const [i, { value }] of alphasOf(net).entries()) fill(value, numbers(seed + i, size(value)));
      for (const [i, [name, value]] of [...net.store.buffers].entries())
        fill(
          value,
          name.endsWith('running_var')
            ? numbers(seed + i, size(value), { from: 0.5, to: 1.5 })
            : numbers(seed + i, size(value), { from: -0.2, to: 0.2 }),
        );
      for (const { shape, value } of net.store.parameters)
        if (shape.length === 1 && shape[0] !== undefined)
          inPlace.add(value, tensor(awayFromZero(seed + shape[0], shape[0], { least: 0.05, most: 0.2 })));
    }),
  );

/** Gives `net` all the numbers of `other`. */
export const copyFrom = (net: Network, other: Network): void =>
  scope(() =>
    noGrad(() => {
      inPlace.copy(net.store.flat, other.store.flat);
      for (const [i, { value }] of alphasOf(net).entries()) inPlace.copy(value, given(alphasOf(other)[i]).value);
      for (const [name, value] of net.store.buffers) inPlace.copy(value, given(other.store.buffers.get(name)));
    }),
  );

/** As many batches as the network has branches, of images of any size. */
export const batchesOf = (
  seed: number,
  {
    streams,
    images,
    height,
    width,
    classes,
    dtype,
  }: {
    streams: number;
    images: number;
    height: number;
    width: number;
    classes: number;
    dtype: Dtype;
  },
): TensorBatch[] =>
  Array.from({ length: streams }, (_, s) => {
    const values = numbers(seed + s, images * 3 * height * width, { from: -1.5, to: 1.5 });
    const made = scope(() => channelsLast(to(tensor(values, { shape: [images, 3, height, width] }), { dtype })));
    return batchOf(
      made,
      labels(images, (i) => (5 * i + 3 * s + 1) % classes),
    );
  });

interface Pass {
  readonly logits: number[];
  readonly loss: number;
  readonly buffers: ReadonlyMap<string, number[]>;
  readonly weights: number[];
  readonly alphas: number[];
  readonly evalLogits: number[];
}

/** One pass in training mode with all its gradients, then one that evaluates. */
const pass = (net: Network, batches: readonly TensorBatch[]): Pass =>
  scope(() => {
    const { loss, logits } = lossOf(net, batches);
    const alphas = alphasOf(net)
      .map(({ value }) => value)
      .filter((value) => value.requiresGrad);
    const { leaves } = net.store;
    const gradients = grad(loss, [...leaves, ...alphas], { unused: 'zeros' }).map((g) => g.toArray());
    const buffers = new Map([...net.store.buffers].map(([name, value]) => [name, value.toArray()]));
    const { images } = given(batches[0]);
    const evalLogits = noGrad(() => given(net.answers(images, testing)[0]).logits).toArray();
    return {
      logits: logits.toArray(),
      loss: loss.item(),
      buffers,
      weights: gradients.slice(0, leaves.length).flat(),
      alphas: gradients.slice(leaves.length).flat(),
      evalLogits,
    };
  });

/** How far a pass of one network is from that of the other. */
export const netErrors = (
  [ours, theirs]: readonly [Network, Network],
  [ourBatches, theirBatches]: readonly [readonly TensorBatch[], readonly TensorBatch[]],
): Errors => {
  const a = pass(ours, ourBatches);
  const b = pass(theirs, theirBatches);
  return {
    logits: worstOf(a.logits, b.logits),
    loss: Math.abs(a.loss - b.loss) / b.loss,
    evalLogits: worstOf(a.evalLogits, b.evalLogits),
    buffers: Math.max(...[...b.buffers].map(([name, values]) => worstOf(a.buffers.get(name) ?? [], values))),
    weights: l2(a.weights, b.weights),
    alphas: l2(a.alphas, b.alphas),
  };
};
