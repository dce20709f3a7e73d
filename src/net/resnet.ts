import { batchNorm, conv, type Init, ParameterStore, type Pass, type Store } from '../nn/index.js';
import { add, everyPixel, relu, scope, type Tensor, zeroPad } from '../tensor/index.js';
import { pooledClassifier } from './classifier.js';
import { CLASSIFIER } from './derived.js';
import { BACKBONE, type Model, plainModel } from './model.js';
import { checkSizes, type TaskShape } from './shape.js';

const STAGES = 3;

type Block = (x: Tensor, pass: Pass) => Tensor;

/** He's initialisation: normal of variance 2 / fan-in. */
const he = (fanIn: number): Init => ({ normal: Math.sqrt(2 / fanIn) });

const conv3x3 = (store: Store, { input, output, stride = 1 }: { input: number; output: number; stride?: number }) =>
  conv(store, { input, output, kernel: 3, stride, init: he(9 * input) });

/** Option A, without weights: every `stride`-th pixel, and new channels of zeros, half before and half after. */
const shortcut = (x: Tensor, { input, output, stride }: { input: number; output: number; stride: number }): Tensor => {
  if (stride === 1 && input === output) return x;
  const before = Math.floor((output - input) / 2);
  return scope(() => zeroPad(everyPixel(x, stride), { before, after: output - input - before }));
};

/** ReLU(shortcut(x) + BN(conv(ReLU(BN(conv(x)))))): two 3×3 convolutions, the stride on the first. */
const basicBlock = (store: Store, sizes: { input: number; output: number; stride: number }): Block => {
  const channels = sizes.output;
  const first = conv3x3(store.child(0), sizes);
  const firstNorm = batchNorm(store.child(1), { channels, affine: true });
  const second = conv3x3(store.child(2), { input: channels, output: channels });
  const secondNorm = batchNorm(store.child(3), { channels, affine: true });
  return (x, pass) =>
    scope(() => {
      const y = secondNorm.apply(second(relu(firstNorm.apply(first(x), pass))), pass);
      return relu(add(y, shortcut(x, sizes)));
    });
};

/**
 * Builds the residual network of CIFAR (He et al. 2016, section 4.2): a stem, three stages of basic blocks, each but
 * the first at half the size and twice the channels, and a linear layer. `depth` is 6n + 2; the width is `channels`, 16
 * or 64 in the literature. 464,154 weights at depth 32, 16 channels and 10 classes. Throws a RangeError on another
 * depth, and on sizes that cannot be.
 */
export const resnet = (
  { channels, ...task }: TaskShape & { channels: number },
  { depth = 32 }: { depth?: number } = {},
): Model => {
  const { classes, inputChannels, imageSize, classifier: kind } = task;
  checkSizes({ channels, classes, inputChannels }, { imageSize, reductions: STAGES - 1 });
  const blocks = blocksOf(depth);
  const store = new ParameterStore(task);
  const place = store.component(BACKBONE);
  const stem = conv3x3(place.child('stem').child(0), { input: inputChannels, output: channels });
  const stemNorm = batchNorm(place.child('stem').child(1), { channels, affine: true });
  let input = channels;
  const body = Array.from({ length: STAGES }, (_, s) =>
    Array.from({ length: blocks }, (_block, b) => {
      const output = channels * 2 ** s;
      const sizes = { input, output, stride: s > 0 && b === 0 ? 2 : 1 };
      input = output;
      return basicBlock(place.child('stages').child(s).child(b), sizes);
    }),
  ).flat();
  const head = store.component(CLASSIFIER).child('classifier');
  const classify = pooledClassifier(head, { channels: input, classes, init: he(input), kind });
  store.allocate();
  const logits = (images: Tensor, pass: Pass): Tensor => {
    const features = scope(() => {
      const start = relu(stemNorm.apply(stem(images), pass));
      return body.reduce((x, block) => block(x, pass), start);
    });
    return classify([features], pass);
  };
  return plainModel(store, logits, { cosines: kind?.cosines });
};

/** Blocks per stage of a depth. Throws a RangeError unless it is 6n + 2. */
export const blocksOf = (depth: number): number => {
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1)
    throw new RangeError(`Cannot build ResNet: its depth must be 6n + 2, such as 20, 32 or 56, got ${depth}`);
  return blocks;
};
