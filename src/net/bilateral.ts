import { ParameterStore, type Store } from '../nn/index.js';
import {
  type CellPlan,
  cell,
  dartsPrimitives,
  type Features,
  type OpWeights,
  type Primitive,
  type Relaxation,
  searchPlan,
  softmaxRelaxation,
} from '../space/index.js';
import { cat, narrow, type Tensor } from '../tensor/index.js';
import { type Backbone, backbone } from './backbone.js';
import { classifier } from './classifier.js';
import { checkShape, type NetShape } from './shape.js';
import { BACKBONE, disposer, freshAlpha, type Supernet, weightsFrom } from './supernet.js';

/** The two heads of a bilateral network, and their components: one learns from images as they come, one from every class equally often. */
export const HEADS = ['instance', 'class'] as const;

/** Whose batch-norm statistics: of both branches' images together, or of each branch's own. */
export type BnScope = 'joint' | 'perBranch';

/** The paper's network (its figure 1): one backbone, two heads of one normal cell each. Logits come in pairs, instance head first. */
export interface BilateralNet extends Supernet {
  /** Each head on its own branch's images. instance, class: [batch, inputChannels, h, w] */
  branches(instance: Tensor, klass: Tensor): [Tensor, Tensor];
  /** Both heads on the same images; the backbone runs once. */
  heads(images: Tensor): [Tensor, Tensor];
}

/** One normal cell at the last cell's width on the outputs of the last two, global average pooling, a linear layer. */
const head = (store: Store, body: Backbone, { plan, classes }: { plan: CellPlan; classes: number }) => {
  const last = cell(store.child('cell'), plan, {
    kind: 'normal',
    channels: body.channels,
    inputs: body.outputChannels,
    afterReduction: body.endsInReduction,
    search: true,
  });
  const classify = classifier(store.child('classifier'), { channels: last.outputChannels, classes });
  return ([s0, s1]: readonly [Features, Features], weights: OpWeights): Tensor =>
    classify(last.forward(s0, s1, { weights }));
};

/** Builds the bilateral search network, weights and alphas drawn from `rng`. 2,869,636 weights at 16 channels, 8 cells, 10 classes, 3 channels in. */
export const bilateralNetwork = (
  shape: NetShape,
  {
    primitives = dartsPrimitives,
    relax = softmaxRelaxation,
    bnScope = 'joint',
  }: { primitives?: readonly Primitive[]; relax?: Relaxation; bnScope?: BnScope } = {},
): BilateralNet => {
  checkShape(shape);
  const store = new ParameterStore(shape);
  const plan = searchPlan(primitives, { nodes: shape.nodes });
  const body = backbone(store.component(BACKBONE), shape, { plan: () => plan, search: true });
  const build = (name: string) => head(store.component(name).child(name), body, { plan, classes: shape.classes });
  const [instanceHead, classHead] = [build('instance'), build('class')];
  store.allocate();
  const alphas = [
    ...body.kinds.map((kind) => ({ component: BACKBONE, kind })),
    ...HEADS.map((component) => ({ component, kind: 'normal' as const })),
  ].map((place) => freshAlpha(place, { nodes: shape.nodes, primitives, store }));
  const weights = weightsFrom(alphas, relax);

  const features = (instance: Tensor, klass: Tensor): [[Features, Features], [Features, Features]] => {
    const shared = weights(BACKBONE);
    if (bnScope === 'perBranch') return [body.forward(instance, shared), body.forward(klass, shared)];
    const [n = 0] = instance.shape;
    const [m = 0] = klass.shape;
    const [s0, s1] = body.forward(cat([instance, klass]), shared);
    const rows = (features: Features, from: number, size: number) =>
      features.map((part) => narrow(part, 0, from, size));
    return [
      [rows(s0, 0, n), rows(s1, 0, n)],
      [rows(s0, n, m), rows(s1, n, m)],
    ];
  };
  return {
    store,
    alphas,
    primitives,
    branches: (instance, klass) => {
      const [ours, theirs] = features(instance, klass);
      return [instanceHead(ours, weights('instance').normal), classHead(theirs, weights('class').normal)];
    },
    heads: (images) => {
      const shared = body.forward(images, weights(BACKBONE));
      return [instanceHead(shared, weights('instance').normal), classHead(shared, weights('class').normal)];
    },
    dispose: disposer(store, alphas),
  };
};
