import { batchNorm, convWeight, separableHalf } from '../nn/index.js';
import { avgPool2d, cat, conv2d, maxPool2d, narrow, readSource, type Tensor, zeroPad } from '../tensor/index.js';
import type { Op, OpContext, Primitive } from './primitive.js';

/** Contributes zero: nothing is computed. It still takes its share of the softmax. */
export const none: Primitive = { name: 'none', build: () => () => undefined };

type Pooling = (x: Tensor, options: { kernel: number; stride: number; padding: number }) => Tensor;

const pool = (name: string, { kind, plain }: { kind: 'max' | 'avg'; plain: Pooling }): Primitive => ({
  name,
  // A pool has no weights and its batch norm no affine part, so both depend on the source alone: one pool serves every edge that leaves it.
  build: ({ sourceStore, channels, stride, search }) => {
    const norm = search ? sourceStore.once(name, (store) => batchNorm(store, { channels, affine: false })) : undefined;
    const key = `${name}/${stride}`;
    if (sourceStore.root.fused)
      return {
        reader: () => ({ reads: { kind, stride }, norm: norm?.state() }),
        key,
        branch: (reading) => reading,
      };
    return (source) =>
      source.once(key, () => {
        const raw = plain(source.x, { kernel: 3, stride, padding: 1 });
        // Normalised here, not by the nodes: each that did it would move the running statistics once more.
        return { raw: norm === undefined ? raw : norm.apply(raw) };
      });
  },
});

export const maxPool3x3 = pool('max_pool_3x3', { kind: 'max', plain: maxPool2d });
/** The mean counts only pixels inside the image. */
export const avgPool3x3 = pool('avg_pool_3x3', { kind: 'avg', plain: avgPool2d });

type Place = Pick<OpContext, 'store' | 'search'>;
interface Width {
  readonly input: number;
  readonly output: number;
}

/** ReLU, 1×1 convolution, batch norm: brings an input of a cell to its channels. */
export const reluConv = ({ store, search }: Place, { input, output }: Width): Op => {
  const weight = convWeight(store.child(1), { input, output, kernel: 1 });
  const norm = batchNorm(store.child(2), { channels: output, affine: !search });
  if (store.root.fused)
    return {
      reader: () => ({ reads: { kind: 'pointwise', weight: weight.value }, norm: norm.state() }),
      branch: (reading) => ({ ...reading, norm }),
    };
  return (source) => ({ raw: conv2d(source.relu, weight.value), norm });
};

/** Halves the image: ReLU, two 1×1 convolutions of stride 2, the second on x shifted by one pixel, side by side. */
export const factorizedReduce = ({ store, search }: Place, { input, output }: Width): Op => {
  const half = Math.floor(output / 2);
  const first = convWeight(store.child('conv_1'), { input, output: half, kernel: 1 });
  const second = convWeight(store.child('conv_2'), { input, output: output - half, kernel: 1 });
  const norm = batchNorm(store.child('bn'), { channels: output, affine: !search });
  if (store.root.fused)
    return {
      reader: () => ({ reads: { kind: 'reduction', weights: [first.value, second.value] }, norm: norm.state() }),
      branch: (reading) => ({ ...reading, norm }),
    };
  return (source) => {
    const { raw: shifted } = source.once('shifted', () => ({ raw: shiftByOne(source.relu) }));
    const halves = [conv2d(source.relu, first.value, { stride: 2 }), conv2d(shifted, second.value, { stride: 2 })];
    return { raw: cat(halves, { dim: 1 }), norm };
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
  build: (context) => {
    if (context.stride === 2) return factorizedReduce(context, { input: context.channels, output: context.channels });
    if (!context.store.root.fused) return (source) => ({ raw: source.x });
    return { reader: () => ({ reads: { kind: 'self' } }), key: 'self', branch: (reading) => reading };
  },
};

const separable = (kernel: number): Primitive => ({
  name: `sep_conv_${kernel}x${kernel}`,
  build: ({ store, channels, stride, search }) => {
    const first = separableHalf(store, 1, { channels, kernel, stride });
    const middle = batchNorm(store.child(3), { channels, affine: !search });
    const second = separableHalf(store, 5, { channels, kernel });
    const norm = batchNorm(store.child(7), { channels, affine: !search });
    if (!store.root.fused) return (source) => ({ raw: second.afterNorm(first.of(source.relu), middle), norm });
    return {
      reader: () => ({ reads: first.reads(), norm: middle.state() }),
      branch: ({ raw, moments }) => {
        const after = { moments, norm: middle.state() };
        const [[reading] = []] = readSource([raw], [{ reads: second.reads(), norm: norm.state() }], { after });
        return { raw, ...reading, norm };
      },
    };
  },
});

const dilated = (kernel: number): Primitive => ({
  name: `dil_conv_${kernel}x${kernel}`,
  build: ({ store, channels, stride, search }) => {
    const body = separableHalf(store, 1, { channels, kernel, stride, dilation: 2 });
    const norm = batchNorm(store.child(3), { channels, affine: !search });
    if (!store.root.fused) return (source) => ({ raw: body.of(source.relu), norm });
    return {
      reader: () => ({ reads: body.reads(), norm: norm.state() }),
      branch: (reading) => ({ ...reading, norm }),
    };
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
