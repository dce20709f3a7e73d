import { numbers, registry } from '../label/index.js';
import type { Model } from './model.js';
import { blocksOf, resnet } from './resnet.js';
import type { NetShape } from './shape.js';

/** Networks that are no search's result, by their spelling. Of the shape they take what they need. */
export const models = registry<(shape: NetShape) => Model>('model', {
  resnet: {
    usage: 'resnet or resnet(depth)',
    make: (args) => {
      const [depth = 32] = numbers(args, 0, 1) ?? [Number.NaN];
      if (Number.isNaN(depth)) return undefined;
      blocksOf(depth); // refused now, not when it is built
      return (shape) => resnet(shape, { depth });
    },
  },
});
