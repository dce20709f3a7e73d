import { ParameterStore, type Pass } from '../nn/index.js';
import type { Tensor } from '../tensor/index.js';
import { alphasFor, type Choice, chosen } from './alphas.js';
import { backbone } from './backbone.js';
import { pooledClassifier } from './classifier.js';
import { CLASSIFIER } from './derived.js';
import { BACKBONE, plainModel, type Supernet } from './model.js';
import { cellKinds, checkShape, type NetShape } from './shape.js';

/** How a supernet of one branch is divided. */
interface Division {
  /** Its classifier is a component of its own, so that the backbone can be frozen. */
  readonly classifierApart?: boolean;
}

/**
 * Builds DARTS' search network, weights and alpha drawn from `rng`: one backbone, one classifier on its last output,
 * all in one component unless said. 1,930,618 weights at 16 channels, 8 cells, 10 classes, 3 channels in. Throws a
 * RangeError on sizes that cannot be.
 */
export const searchNetwork = (
  shape: NetShape,
  { classifierApart = false, ...options }: Choice & Division = {},
): Supernet => {
  checkShape(shape);
  const choice = chosen(options);
  const { nodes, classes, classifier: kind } = shape;
  const store = new ParameterStore(shape);
  const place = store.component(BACKBONE);
  const body = backbone(place, shape, {
    plan: (kind) => choice.space.plan(kind, { nodes, component: BACKBONE }),
    edges: choice.edges,
    supernet: true,
  });
  const channels = body.widths.at(-1) ?? 0;
  const classify = pooledClassifier(store.component(classifierApart ? CLASSIFIER : BACKBONE).child('classifier'), {
    channels,
    classes,
    kind,
  });
  store.allocate();
  const places = cellKinds(shape.layers).map((kind) => ({ component: BACKBONE, kind }));
  const { weights, ...architecture } = alphasFor(places, { ...choice, nodes, store });
  const logits = (images: Tensor, pass: Pass): Tensor => {
    const [, last] = body.forward(images, { weights: weights(BACKBONE, pass), pass });
    return classify(last, pass);
  };
  const model = plainModel(store, logits, { cosines: kind?.cosines });
  return { ...model, ...architecture };
};
