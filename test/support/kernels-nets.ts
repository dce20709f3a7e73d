import type { Criterion } from '../../src/loss/index.js';
import type { SearchNet, TensorBatch } from '../../src/method/index.js';
import type { Supernet } from '../../src/net/index.js';
import {
  channelsLast,
  type Dtype,
  grad,
  inPlace,
  noGrad,
  scope,
  type Tensor,
  tensor,
  to,
} from '../../src/tensor/index.js';
import { given, labels } from './fixtures.js';
import { awayFromZero, numbers } from './kernels-cases.js';
import { type Errors, l2, worstOf } from './kernels-twins.js';

/** What is compared: a network with a forward pass to a loss. */
export type Network = Supernet & Pick<SearchNet, 'forward' | 'logits'>;

/** Alphas that differ, and running statistics that are not those of a fresh network. */
export const stir = (net: Supernet, seed: number): void =>
  scope(() =>
    noGrad(() => {
      const fill = (x: Tensor, values: Float32Array): void => inPlace.copy(x, tensor(values, { shape: [...x.shape] }));
      const size = (x: Tensor): number => x.shape.reduce((a, b) => a * b, 1);
      for (const [i, { value }] of net.alphas.entries()) fill(value, numbers(seed + i, size(value)));
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
export const copyFrom = (net: Supernet, other: Supernet): void =>
  scope(() =>
    noGrad(() => {
      inPlace.copy(net.store.flat, other.store.flat);
      for (const [i, { value }] of net.alphas.entries()) inPlace.copy(value, given(other.alphas[i]).value);
      for (const [name, value] of net.store.buffers) inPlace.copy(value, given(other.store.buffers.get(name)));
    }),
  );

/** As many batches as the method has streams, of images of any size. */
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
    return { images: made, labels: labels(images, (i) => (5 * i + 3 * s + 1) % classes) };
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
const pass = (net: Network, batches: readonly TensorBatch[], criterion: Criterion): Pass =>
  scope(() => {
    const { loss, logits } = net.forward(batches, { criterion, mixing: batches.length > 1 ? 0.3 : null });
    const alphas = net.alphas.map(({ value }) => value).filter((value) => value.requiresGrad);
    const { leaves } = net.store;
    const gradients = grad(loss, [...leaves, ...alphas], { unused: 'zeros' }).map((g) => g.toArray());
    const buffers = new Map([...net.store.buffers].map(([name, value]) => [name, value.toArray()]));
    net.store.training = false;
    const evalLogits = noGrad(() => net.logits(given(batches[0]).images)).toArray();
    net.store.training = true;
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
  { criterion }: { criterion: Criterion },
): Errors => {
  const a = pass(ours, ourBatches, criterion);
  const b = pass(theirs, theirBatches, criterion);
  return {
    logits: worstOf(a.logits, b.logits),
    loss: Math.abs(a.loss - b.loss) / b.loss,
    evalLogits: worstOf(a.evalLogits, b.evalLogits),
    buffers: Math.max(...[...b.buffers].map(([name, values]) => worstOf(a.buffers.get(name) ?? [], values))),
    weights: l2(a.weights, b.weights),
    alphas: l2(a.alphas, b.alphas),
  };
};
