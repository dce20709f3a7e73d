import { type Entry, registry } from '../label/index.js';
import { batchNormLayer, convWeight, type Store } from '../nn/index.js';
import type { OpContext, Primitive, Stage, Work } from './primitive.js';

/** Contributes zero: nothing is computed. In a softmax it still takes its share. */
export const none: Primitive = { name: 'none', build: () => [] };

// A pool, 3×3 with padding 1, has no weights and its batch norm no affine part, so both depend on the state alone: one
// serves every edge that leaves it. A mean counts only pixels inside the image.
const pool = (name: string, kind: 'max' | 'avg'): Primitive => ({
  name,
  build: ({ sourceStore, channels, stride, supernet }) =>
    sourceStore.once(name, (store): readonly Stage[] => [
      { work: { kind, stride }, norm: supernet ? batchNormLayer(store, { channels, affine: false }) : undefined },
    ]),
});

type Place = Pick<OpContext, 'store' | 'supernet'>;
interface Width {
  readonly input: number;
  readonly output: number;
}

/** ReLU, 1×1 convolution, batch norm: brings an input of a cell to its channels. */
export const reluConv = ({ store, supernet }: Place, { input, output }: Width): readonly Stage[] => {
  const weight = convWeight(store.child(1), { input, output, kernel: 1 });
  return [
    {
      work: { kind: 'pointwise', weight },
      norm: batchNormLayer(store.child(2), { channels: output, affine: !supernet }),
    },
  ];
};

/** Halves the image: ReLU, two 1×1 convolutions of stride 2, the second on x shifted by one pixel, side by side. */
export const factorizedReduce = ({ store, supernet }: Place, { input, output }: Width): readonly Stage[] => {
  const half = Math.floor(output / 2);
  const first = convWeight(store.child('conv_1'), { input, output: half, kernel: 1 });
  const second = convWeight(store.child('conv_2'), { input, output: output - half, kernel: 1 });
  const norm = batchNormLayer(store.child('bn'), { channels: output, affine: !supernet });
  return [{ work: { kind: 'reduction', weights: [first, second] }, norm }];
};

/** Identity; with stride 2 a factorized reduction. */
export const skipConnect: Primitive = {
  name: 'skip_connect',
  build: (at) =>
    at.stride === 2
      ? factorizedReduce(at, { input: at.channels, output: at.channels })
      : at.sourceStore.once('self', (): readonly Stage[] => [{ work: { kind: 'self' } }]),
};

/** ReLU, depthwise and pointwise convolution and batch norm, at the places `at` to `at + 2`. */
const separableStage = (
  { store, channels, supernet }: OpContext,
  at: number,
  { kernel, stride, dilation = 1 }: { kernel: number; stride: 1 | 2; dilation?: number },
): Stage => {
  const place = (i: number): Store => store.child(at + i);
  const shape = { input: channels, output: channels };
  const depthwise = convWeight(place(0), { ...shape, kernel, groups: channels });
  const pointwise = convWeight(place(1), { ...shape, kernel: 1 });
  const work: Work = { kind: 'separable', depthwise, pointwise, stride, dilation };
  return { work, norm: batchNormLayer(place(2), { channels, affine: !supernet }) };
};

/** (ReLU, depthwise, pointwise, batch norm) twice; the stride is on the first. */
const separable = (kernel: number): Primitive => ({
  name: `sep_conv_${kernel}x${kernel}`,
  build: (at) => [separableStage(at, 1, { kernel, stride: at.stride }), separableStage(at, 5, { kernel, stride: 1 })],
});

/** ReLU, depthwise with dilation 2, pointwise, batch norm. */
const dilated = (kernel: number): Primitive => ({
  name: `dil_conv_${kernel}x${kernel}`,
  build: (at) => [separableStage(at, 1, { kernel, stride: at.stride, dilation: 2 })],
});

/** DARTS' eight candidates, in its order: the columns of alpha. */
export const dartsPrimitives: readonly Primitive[] = [
  none,
  pool('max_pool_3x3', 'max'),
  pool('avg_pool_3x3', 'avg'),
  skipConnect,
  separable(3),
  separable(5),
  dilated(3),
  dilated(5),
];

/** Of NASNet's cells; DARTS does not search it. */
export const sepConv7x7 = separable(7);

const named = (primitive: Primitive): [string, Entry<Primitive>] => [
  primitive.name,
  { usage: primitive.name, make: (args) => (args.length === 0 ? primitive : undefined) },
];

/** All primitives by name: what a genotype may be made of. */
export const primitives = registry('primitive', Object.fromEntries([...dartsPrimitives, sepConv7x7].map(named)));
