import { testing } from '../nn/index.js';
import { like, noGrad, scope, Tensor, trace, zeros } from '../tensor/index.js';
import type { Model } from './model.js';

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * Multiply-adds of convolutions and linear layers for one image when the model is tested: each number of a result costs
 * one per weight of its channel. An auxiliary head is not run then, and does not count.
 */
export const countMacs = (
  { answers, store }: Pick<Model, 'answers' | 'store'>,
  { inputChannels, imageSize }: { readonly inputChannels: number; readonly imageSize: number },
): number => {
  let macs = 0;
  scope(() =>
    noGrad(() =>
      trace(
        () => answers(zeros([1, inputChannels, imageSize, imageSize], like(store)), testing),
        ({ name, args: [, weight], results: [result] }) => {
          if (name !== 'aten::conv2d' && name !== 'aten::linear') return;
          if (weight instanceof Tensor && result !== undefined)
            macs += size(result.shape) * size(weight.shape.slice(1));
        },
      ),
    ),
  );
  return macs;
};
