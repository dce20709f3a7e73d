import { ParameterStore } from '../nn/index.js';
import { alphasFor, type Choice, chosen } from './alphas.js';
import { backbone } from './backbone.js';
import { classifier } from './classifier.js';
import { BACKBONE, plainModel, type Supernet } from './model.js';
import { cellKinds, checkShape, type NetShape } from './shape.js';

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
  const places = cellKinds(shape.layers).map((kind) => ({ component: BACKBONE, kind }));
  const { weights, ...architecture } = alphasFor(places, { ...choice, nodes, store });
  const model = plainModel(store, (images, pass) => {
    const [, last] = body.forward(images, { weights: weights(BACKBONE, pass), pass });
    return classify(last);
  });
  return { ...model, ...architecture };
};
