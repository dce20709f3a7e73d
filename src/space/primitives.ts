import { batchNorm, conv, separableHalf } from '../nn/index.js';
import { avgPool2d, cat, maxPool2d, narrow, pool3x3, type Tensor, zeroPad } from '../tensor/index.js';
import type { Branch, OpContext, Primitive } from './primitive.js';
import type { Source } from './source.js';

/** Contributes zero: nothing is computed. It still takes its share of the softmax. */
export const none: Primitive = { name: 'none', build: () => () => undefined };

type Pooling = (x: Tensor, options: { kernel: number; stride: number; padding: number }) => Tensor;

const pool = (
  name: string,
  { plain, fused }: { plain: Pooling; fused: (x: Tensor, stride: number) => Tensor },
): Primitive => ({
  name,
  // A pool has no weights and its batch norm no affine part, so both depend on the source alone: one pool serves every edge that leaves it.
  build: ({ sourceStore, channels, stride, search }) => {
    const norm = search ? sourceStore.once(name, (store) => batchNorm(store, { channels, affine: false })) : undefined;
    const pooled = (x: Tensor): Tensor =>
      sourceStore.root.fused ? fused(x, stride) : plain(x, { kernel: 3, stride, padding: 1 });
    return (source) =>
      source.once(`${name}/${stride}`, () => {
        const raw = pooled(source.x);
        // Normalised (or measured) here, not by the nodes: each that did it would move the running statistics once more.
        if (norm === undefined) return { raw };
        return sourceStore.root.fused ? { raw, stats: norm.stats(raw) } : { raw: norm.apply(raw) };
      });
  },
});

export const maxPool3x3 = pool('max_pool_3x3', { plain: maxPool2d, fused: pool3x3.max });
/** The mean counts only pixels inside the image. */
export const avgPool3x3 = pool('avg_pool_3x3', { plain: avgPool2d, fused: pool3x3.avg });

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
    const { raw: shifted } = source.once('shifted', () => ({ raw: shiftByOne(source.relu) }));
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

const separable = (kernel: number): Primitive => ({
  name: `sep_conv_${kernel}x${kernel}`,
  build: ({ store, channels, stride, search }) => {
    const first = separableHalf(store, 1, { channels, kernel, stride });
    const middle = batchNorm(store.child(3), { channels, affine: !search });
    const second = separableHalf(store, 5, { channels, kernel });
    const norm = batchNorm(store.child(7), { channels, affine: !search });
    return (source) => ({ raw: second.afterNorm(first.of(source), middle), norm });
  },
});

const dilated = (kernel: number): Primitive => ({
  name: `dil_conv_${kernel}x${kernel}`,
  build: ({ store, channels, stride, search }) => {
    const body = separableHalf(store, 1, { channels, kernel, stride, dilation: 2 });
    const norm = batchNorm(store.child(3), { channels, affine: !search });
    return (source) => ({ raw: body.of(source), norm });
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
