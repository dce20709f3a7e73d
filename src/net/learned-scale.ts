import type { Parameter } from '../nn/index.js';
import { mul } from '../tensor/index.js';
import type { Model } from './model.js';
import type { TaskShape } from './shape.js';

/** The component of the factors of `learnedScale`. */
export const SCALE = 'scale';

/**
 * For a classifier whose weights keep their direction: logits s_c · z_c with one learned factor per class, 1 at first
 * (LWS, "learnable weight scaling", Kang et al. 2020). `build` makes the network; it must give its shape to its store.
 */
export const learnedScale = <S extends TaskShape>(build: (shape: S) => Model, shape: S): Model => {
  const scales: Parameter[] = [];
  const net = build({
    ...shape,
    extend: (store) => {
      scales.push(store.component(SCALE).weight('scale', [shape.classes], { constant: 1 }));
    },
  });
  const [scale] = scales;
  if (scale === undefined) {
    net.dispose();
    throw new RangeError(
      'Cannot scale logits: the store of the network must be made of its shape, it is not; write ' +
        'new ParameterStore(shape)',
    );
  }
  return {
    ...net,
    answers: (...asked) => net.answers(...asked).map(({ at, logits }) => ({ at, logits: mul(logits, scale.value) })),
  };
};
