import { ParameterStore } from '../nn/index.js';
import {
  type CellKind,
  certain,
  dartsPrimitives,
  derivedPlan,
  edgeCount,
  type Genotype,
  type OpWeights,
  type Primitive,
  type Relaxation,
  searchPlan,
  softmaxRelaxation,
} from '../space/index.js';
import { inPlace, randn, type Tensor } from '../tensor/index.js';
import { backbone } from './backbone.js';
import { classifier } from './classifier.js';
import { type CellSpace, checkShape, type NetShape } from './shape.js';

/** The architecture parameters of one kind of cell of one component. */
export interface Alpha {
  readonly component: string;
  readonly kind: CellKind;
  readonly value: Tensor; // [edges, primitives], a leaf
}

/** A network with everything in it that can be trained: weights in `store`, architecture parameters in `alphas`. */
export interface Supernet {
  readonly store: ParameterStore;
  readonly alphas: readonly Alpha[];
  readonly primitives: readonly Primitive[];
  dispose(): void;
}

const ALPHA_SCALE = 1e-3;

/** Architecture parameters as DARTS starts them: 1e-3 · randn. */
export const freshAlpha = (
  { component, kind }: Pick<Alpha, 'component' | 'kind'>,
  { nodes, primitives, store }: { nodes: number; primitives: readonly Primitive[]; store: ParameterStore },
): Alpha => {
  const value = randn([edgeCount(nodes), primitives.length], store);
  inPlace.mul(value, ALPHA_SCALE);
  return { component, kind, value: value.requireGrad() };
};

/** Relaxes the alphas of a component, anew for every pass: its gradient must reach them each time. */
export const weightsFrom =
  (alphas: readonly Alpha[], relax: Relaxation) =>
  (component: string): Record<CellKind, OpWeights> => {
    const of = (kind: CellKind): OpWeights => {
      const alpha = alphas.find((a) => a.component === component && a.kind === kind);
      return alpha === undefined ? certain : relax(alpha.value);
    };
    return { normal: of('normal'), reduction: of('reduction') };
  };

/** Freezes these components, and no others: weights, batch-norm statistics and architecture parameters (`alphas` without a gradient). */
export const freeze = ({ store, alphas }: Supernet, components: readonly string[]): void => {
  store.freeze(components);
  for (const { component, value } of alphas) value.requireGrad(!store.frozen.has(component));
};

export const disposer = (store: ParameterStore, alphas: readonly Alpha[]) => (): void => {
  store.dispose();
  for (const { value } of alphas) value.dispose();
};

/** DARTS' own network: one backbone, one classifier on its last output, one alpha for each kind of cell. */
export interface SingleBranchNet extends Supernet {
  /** images: [batch, inputChannels, h, w] → [batch, classes] */
  logits(images: Tensor): Tensor;
}

/** The component that holds all of a single-branch network, and the shared part of a bilateral one. */
export const BACKBONE = 'backbone';

const build = (shape: NetShape, space: CellSpace) => {
  checkShape(shape);
  const store = new ParameterStore(shape);
  const place = store.component(BACKBONE);
  const body = backbone(place, shape, space);
  const head = classifier(place.child('classifier'), { channels: body.outputChannels[1], classes: shape.classes });
  return { store: store.allocate(), body, head };
};

/** Builds DARTS' search network, weights and alpha drawn from `rng`. 1,930,618 weights at 16 channels, 8 cells, 10 classes, 3 channels in. */
export const searchNetwork = (
  shape: NetShape,
  {
    primitives = dartsPrimitives,
    relax = softmaxRelaxation,
  }: { primitives?: readonly Primitive[]; relax?: Relaxation } = {},
): SingleBranchNet => {
  const plan = searchPlan(primitives, { nodes: shape.nodes });
  const { store, body, head } = build(shape, { plan: () => plan, search: true });
  const alphas = body.kinds.map((kind) =>
    freshAlpha({ component: BACKBONE, kind }, { nodes: shape.nodes, primitives, store }),
  );
  const weights = weightsFrom(alphas, relax);
  return {
    store,
    alphas,
    primitives,
    logits: (images) => head(body.forward(images, weights(BACKBONE))[1]),
    dispose: disposer(store, alphas),
  };
};

/** Builds the network that a genotype describes, as DARTS trains it: affine batch norms, one operation an edge. Throws where a kind of cell is missing. */
export const derivedNetwork = (
  shape: NetShape,
  { genotype, primitives = dartsPrimitives }: { genotype: Genotype; primitives?: readonly Primitive[] },
): SingleBranchNet => {
  const plan = (kind: CellKind) => {
    const found = genotype[kind];
    if (found === undefined) throw new RangeError(`Cannot build network: the genotype has no ${kind} cell`);
    return derivedPlan(found, { primitives });
  };
  const { store, body, head } = build(shape, { plan, search: false });
  return {
    store,
    alphas: [],
    primitives,
    logits: (images) => head(body.forward(images, { normal: certain, reduction: certain })[1]),
    dispose: disposer(store, []),
  };
};
