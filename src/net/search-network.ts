import { ParameterStore } from '../nn/index.js';
import { alphasFor, type Choice, chosen, disposer } from './alphas.js';
import { backbone } from './backbone.js';
import { classifier } from './classifier.js';
import { BACKBONE, type Supernet, single } from './model.js';
import { checkShape, type NetShape } from './shape.js';

/**
 * Builds DARTS' search network, weights and alpha drawn from `rng`: one backbone, one classifier on its last output,
 * all in one component. 1,930,618 weights at 16 channels, 8 cells, 10 classes, 3 channels in. Throws a RangeError on
 * sizes that cannot be.
 */
export const searchNetwork = (shape: NetShape, options: Choice = {}): Supernet => {
  checkShape(shape);
  const choice = chosen(options);
  const { nodes, classes } = shape;
  const store = new ParameterStore(shape);
  const place = store.component(BACKBONE);
  const body = backbone(place, shape, { plan: (kind) => choice.space.plan(kind, { nodes }), supernet: true });
  const classify = classifier(place.child('classifier'), { channels: body.widths.at(-1) ?? 0, classes });
  store.allocate();
  const places = body.kinds.map((kind) => ({ component: BACKBONE, kind }));
  const { weights, ...architecture } = alphasFor(places, { ...choice, nodes, store });
  return {
    ...architecture,
    store,
    settings: single,
    answers: (images, pass, at = single) => {
      const [, last] = body.forward(images, { weights: weights(BACKBONE, pass), pass });
      const logits = classify(last);
      return at.map((knobs) => ({ at: knobs, logits }));
    },
    dispose: disposer(store, architecture.alphas),
  };
};
