import { batchNormLayer, conv, convWeight, type Init, ParameterStore, type Pass, type Store } from '../nn/index.js';
import { modeOf, openSource, type Stage, sumBranches } from '../space/index.js';
import { everyPixel, relu, scope, type Tensor, zeroPad } from '../tensor/index.js';
import { pooledClassifier } from './classifier.js';
import { CLASSIFIER } from './derived.js';
import { BACKBONE, type Model, plainModel } from './model.js';
import { checkSizes, type TaskShape } from './shape.js';

const STAGES = 3;

type Block = (x: Tensor, pass: Pass) => Tensor;

/** He's initialisation: normal of variance 2 / fan-in. */
const he = (fanIn: number): Init => ({ normal: Math.sqrt(2 / fanIn) });

interface Sizes {
  readonly input: number;
  readonly output: number;
  readonly stride: 1 | 2;
}

/** The shape of a 3×3 convolution. */
const conv3x3 = ({ input, output }: Omit<Sizes, 'stride'>) => ({ input, output, kernel: 3, init: he(9 * input) });

/** Option A, without weights: ReLU of every `stride`-th pixel, and new channels of zeros, half before, half after. */
const shortcut = ({ input, output, stride }: Sizes): Stage => {
  if (stride === 1 && input === output) return { work: { kind: 'relu' } };
  const before = Math.floor((output - input) / 2);
  const run = ({ x }: { x: Tensor }) =>
    scope(() => zeroPad(relu(everyPixel(x, stride)), { before, after: output - input - before }));
  return { work: { kind: 'custom', run } };
};

/**
 * shortcut(ReLU(x)) + BN(conv(ReLU(BN(conv(ReLU(x)))))): two 3×3 convolutions, the stride on the first. The ReLU that
 * ends a block in the paper begins the next one here: it is taken where x is read, and only x is stored.
 */
const basicBlock = (store: Store, sizes: Sizes): Block => {
  const { output } = sizes;
  const convolution = (at: number, { input, stride }: Omit<Sizes, 'output'>): Stage => ({
    work: { kind: 'dense', weight: convWeight(store.child(at), conv3x3({ input, output })), stride, dilation: 1 },
    norm: batchNormLayer(store.child(at + 1), { channels: output, affine: true }),
  });
  const operations = [[convolution(0, sizes), convolution(2, { input: output, stride: 1 })], [shortcut(sizes)]];
  return (x, pass) =>
    scope(() => {
      const mode = { ...modeOf(store, pass), training: store.root.trains(store.component, pass) };
      const source = openSource([x], operations, mode);
      const terms = operations.map((stages) => ({ branch: source.branch(stages), weight: 1 as const }));
      return sumBranches(terms, mode) ?? x;
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
  const stem = conv(place.child('stem').child(0), conv3x3({ input: inputChannels, output: channels }));
  const stemNorm = batchNormLayer(place.child('stem').child(1), { channels, affine: true });
  let input = channels;
  const body = Array.from({ length: STAGES }, (_, s) =>
    Array.from({ length: blocks }, (_block, b) => {
      const output = channels * 2 ** s;
      const sizes: Sizes = { input, output, stride: s > 0 && b === 0 ? 2 : 1 };
      input = output;
      return basicBlock(place.child('stages').child(s).child(b), sizes);
    }),
  ).flat();
  const head = store.component(CLASSIFIER).child('classifier');
  const classify = pooledClassifier(head, { channels: input, classes, init: he(input), kind });
  store.allocate();
  const logits = (images: Tensor, pass: Pass): Tensor => {
    const features = scope(() => {
      const start = stemNorm.apply(stem(images), pass);
      return relu(body.reduce((x, block) => block(x, pass), start));
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
