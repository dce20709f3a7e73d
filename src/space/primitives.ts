import { batchNorm, conv, type Store } from '../nn/index.js';
import { avgPool2d, cat, maxPool2d, narrow, relu, scope, type Tensor, zeroPad } from '../tensor/index.js';
import type { Branch, OpContext, Primitive } from './primitive.js';
import type { Source } from './source.js';

/** Contributes zero: nothing is computed. It still takes its share of the softmax. */
export const none: Primitive = { name: 'none', build: () => () => undefined };

type Pooling = (x: Tensor, options: { kernel: number; stride: number; padding: number }) => Tensor;

const pool = (name: string, apply: Pooling): Primitive => ({
  name,
  // A pool has no weights and its batch norm no affine part, so both depend on the source alone: one pool serves every edge that leaves it.
  build: ({ sourceStore, channels, stride, search }) => {
    const key = `${name}/${stride}`;
    const norm = search ? sourceStore.once(name, (store) => batchNorm(store, { channels, affine: false })) : undefined;
    return (source) => ({
      raw: source.once(key, () => {
        const pooled = apply(source.x, { kernel: 3, stride, padding: 1 });
        // Normalised here, not by the nodes: each that did it would move the running statistics once more.
        return norm === undefined ? pooled : norm.apply(pooled);
      }),
    });
  },
});

export const maxPool3x3 = pool('max_pool_3x3', maxPool2d);
/** The mean counts only pixels inside the image. */
export const avgPool3x3 = pool('avg_pool_3x3', avgPool2d);

/** Halves the image: ReLU, two 1×1 convolutions of stride 2, the second on x shifted by one pixel, side by side. */
export const factorizedReduce = (
  { store, search }: Pick<OpContext, 'store' | 'search'>,
  { input, output }: { input: number; output: number },
) => {
  const half = Math.floor(output / 2);
  const first = conv(store.child('conv_1'), { input, output: half, kernel: 1, stride: 2 });
  const second = conv(store.child('conv_2'), { input, output: output - half, kernel: 1, stride: 2 });
  const norm = batchNorm(store.child('bn'), { channels: output, affine: !search });
  return (source: Source): Branch => {
    const shifted = source.once('shifted', () => shiftByOne(source.relu));
    return { raw: cat([first(source.relu), second(shifted)], { dim: 1 }), norm };
  };
};

/** x from its second row and column on. An odd image gets a zero row and column at its end, so that both halves have the same size. */
const shiftByOne = (x: Tensor): Tensor => {
  const [, , h = 0, w = 0] = x.shape;
  const padded = h % 2 === 1 || w % 2 === 1 ? zeroPad(x, { right: w % 2, bottom: h % 2 }) : x;
  return narrow(narrow(padded, 2, 1, h - 1 + (h % 2)), 3, 1, w - 1 + (w % 2));
};

/** Identity; with stride 2 a factorized reduction. */
export const skipConnect: Primitive = {
  name: 'skip_connect',
  build: (context) =>
    context.stride === 1
      ? (source) => ({ raw: source.x })
      : factorizedReduce(context, { input: context.channels, output: context.channels }),
};

const depthwiseThenPointwise = (
  store: Store,
  at: number,
  {
    channels,
    kernel,
    stride = 1,
    dilation = 1,
  }: { channels: number; kernel: number; stride?: number; dilation?: number },
) => {
  const depthwise = conv(store.child(at), {
    input: channels,
    output: channels,
    kernel,
    stride,
    dilation,
    groups: channels,
  });
  const pointwise = conv(store.child(at + 1), { input: channels, output: channels, kernel: 1 });
  return (x: Tensor): Tensor => pointwise(depthwise(x));
};

const separable = (kernel: number): Primitive => ({
  name: `sep_conv_${kernel}x${kernel}`,
  build: ({ store, channels, stride, search }) => {
    const first = depthwiseThenPointwise(store, 1, { channels, kernel, stride });
    const middle = batchNorm(store.child(3), { channels, affine: !search });
    const second = depthwiseThenPointwise(store, 5, { channels, kernel });
    const norm = batchNorm(store.child(7), { channels, affine: !search });
    return ({ relu: x }) => {
      // The ReLU's result is all that the backward pass needs of the middle; the normalised tensor before it goes at once.
      const between = scope(() => relu(middle.apply(first(x))));
      return { raw: second(between), norm };
    };
  },
});

const dilated = (kernel: number): Primitive => ({
  name: `dil_conv_${kernel}x${kernel}`,
  build: ({ store, channels, stride, search }) => {
    const body = depthwiseThenPointwise(store, 1, { channels, kernel, stride, dilation: 2 });
    const norm = batchNorm(store.child(3), { channels, affine: !search });
    return (source) => ({ raw: body(source.relu), norm });
  },
});

/** (ReLU, depthwise, pointwise, batch norm) twice; the stride is on the first. */
export const sepConv3x3 = separable(3);
export const sepConv5x5 = separable(5);
export const sepConv7x7 = separable(7);
/** ReLU, depthwise with dilation 2, pointwise, batch norm. */
export const dilConv3x3 = dilated(3);
export const dilConv5x5 = dilated(5);

/** DARTS' eight candidates, in its order: the columns of alpha. */
export const dartsPrimitives: readonly Primitive[] = [
  none,
  maxPool3x3,
  avgPool3x3,
  skipConnect,
  sepConv3x3,
  sepConv5x5,
  dilConv3x3,
  dilConv5x5,
];
