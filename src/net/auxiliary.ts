import { batchNormLayer, convWeight, type Pass, type Store } from '../nn/index.js';
import { type Features, joined } from '../space/index.js';
import { adaptiveAvgPool2d, avgPool2d, conv2d, relu, reshape, scope, type Tensor } from '../tensor/index.js';
import type { Classifier } from './classifier.js';
import { linearClassifier } from './linear-classifier.js';

const POOLED = 2;
const [MIDDLE, LAST] = [128, 768];

/**
 * DARTS' auxiliary head, a second classifier in mid-network: ReLU, average pooling to 2×2, 1×1 convolution to 128
 * channels, 2×2 to 768, each with batch norm and ReLU, a linear layer. 8×8 maps are pooled by windows of 5×5 and stride
 * 3, others by adaptive pooling. The last layer is of the network's kind, so that one loss fits both.
 */
export const auxiliaryHead = (
  store: Store,
  {
    channels,
    classes,
    kind = linearClassifier(),
  }: { channels: number; classes: number; kind?: Classifier | undefined },
) => {
  const first = convWeight(store.child(0), { input: channels, output: MIDDLE, kernel: 1 });
  const firstNorm = batchNormLayer(store.child(1), { channels: MIDDLE, affine: true });
  const second = convWeight(store.child(2), { input: MIDDLE, output: LAST, kernel: POOLED });
  const secondNorm = batchNormLayer(store.child(3), { channels: LAST, affine: true });
  const classify = kind.build(store.child('classifier'), { channels: LAST, classes });
  return (features: Features, pass: Pass): Tensor =>
    scope(() => {
      const x = relu(joined(features));
      const [, , h, w] = x.shape;
      const pooled = h === 8 && w === 8 ? avgPool2d(x, { kernel: 5, stride: 3 }) : adaptiveAvgPool2d(x, POOLED);
      const middle = relu(firstNorm.apply(conv2d(pooled, first.value), pass));
      const last = relu(secondNorm.apply(conv2d(middle, second.value), pass));
      return classify(reshape(last, [-1, LAST]), pass);
    });
};
