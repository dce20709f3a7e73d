import { type Knobs, ParameterStore, type Pass, type Store } from '../nn/index.js';
import {
  type CellKind,
  type CellPlan,
  cellInput,
  type DropMask,
  derivedPlan,
  type EdgeShape,
  type Features,
  type Genotypes,
  type OpWeights,
  type Primitive,
} from '../space/index.js';
import { add, cat, mul, narrow, type Tensor } from '../tensor/index.js';
import { allCertain, alphasFor, type Choice, chosen, type WeightsOf } from './alphas.js';
import { type Backbone, backbone } from './backbone.js';
import { pooledClassifier } from './classifier.js';
import { cellOf } from './derived.js';
import { BACKBONE, type Model, type Supernet } from './model.js';
import { cellKinds, checkShape, type NetShape } from './shape.js';

/** Heads and their components: one learns from images as they come, one from every class equally often. */
export const HEADS = ['instance', 'class'] as const;

/** Whose batch-norm statistics: of both branches' images together, or of each branch's own. */
export type BnScope = 'joint' | 'perBranch';

/** How the branches of a bilateral network come together. */
export interface Branching {
  /** joint unless said. */
  readonly bnScope?: BnScope;
  /** A factor on the mixed logits: 1 unless said; the code of BBN has 2. */
  readonly logitScale?: number;
}

/** The paper's network (its figure 1): one backbone, two heads of one normal cell each, the instance head first. */
export interface BilateralModel extends Model {
  /** Each head on its own branch's images. instance, class: [batch, inputChannels, h, w] → two of [batch, classes] */
  branches(instance: Tensor, klass: Tensor, pass: Pass): [Tensor, Tensor];
  /** Mixed logits z = m z_I + (1 − m) z_C, times logitScale. [batch, classes] */
  mix(pair: readonly [Tensor, Tensor], m: number): Tensor;
}

/** A bilateral network in which a search chooses. */
export type BilateralNet = BilateralModel & Supernet;

/** 0, 0.1, … 1. At 0 the class head answers alone: validation follows that, whatever the mixing in training. */
const MIXINGS: readonly Knobs[] = Array.from({ length: 11 }, (_, i) => ({ mixing: i / 10 }));

/** Outputs of the last two cells. */
type Outputs = readonly [Features, Features];

/** One normal cell at the last cell's width on the outputs of the last two, global average pooling, a linear layer. */
const head = (store: Store, body: Backbone, { plan, shape }: { plan: CellPlan; shape: NetShape }) => {
  const last = body.top(store.child('cell'), plan);
  const { classes, classifier: kind } = shape;
  const classify = pooledClassifier(store.child('classifier'), { channels: last.outputChannels, classes, kind });
  return ([s0, s1]: Outputs, run: { weights: OpWeights; pass: Pass }): Tensor =>
    classify(last.forward(cellInput(s0), cellInput(s1), run), run.pass);
};

interface TwoHeads extends Branching {
  readonly plan: (component: string, kind: CellKind) => CellPlan;
  readonly supernet: boolean;
  readonly mask?: DropMask | undefined;
  readonly edges?: EdgeShape | undefined;
  /** Asked for once per pass, and not before the network is built. */
  readonly weights: WeightsOf;
}

/** What a supernet and a derived network share. */
const twoHeads = (shape: NetShape, options: TwoHeads): BilateralModel => {
  const { plan, supernet, mask, edges, weights, bnScope = 'joint', logitScale = 1 } = options;
  checkShape(shape);
  if (!(logitScale > 0 && Number.isFinite(logitScale)))
    throw new RangeError(`Cannot mix branches: logitScale must be a number > 0, got ${logitScale}`);
  const store = new ParameterStore(shape);
  const body = backbone(store.component(BACKBONE), shape, {
    plan: (kind) => plan(BACKBONE, kind),
    supernet,
    mask,
    edges,
  });
  const build = (name: string) => head(store.component(name).child(name), body, { plan: plan(name, 'normal'), shape });
  const [instanceHead, classHead] = [build('instance'), build('class')];
  store.allocate();

  const mix: BilateralModel['mix'] = ([ours, theirs], m) =>
    add(mul(ours, logitScale * m), mul(theirs, logitScale * (1 - m)));
  const heads = (ours: Outputs, theirs: Outputs, pass: Pass): [Tensor, Tensor] => [
    instanceHead(ours, { weights: weights('instance', pass).normal, pass }),
    classHead(theirs, { weights: weights('class', pass).normal, pass }),
  ];
  const { cosines } = shape.classifier ?? {};
  return {
    store,
    settings: MIXINGS,
    cosines: cosines && { ...cosines, scale: cosines.scale * logitScale },
    mix,
    branches: (instance, klass, pass) => {
      const run = { weights: weights(BACKBONE, pass), pass };
      if (bnScope === 'perBranch') return heads(body.forward(instance, run), body.forward(klass, run), pass);
      const [[n = 0], [m = 0]] = [instance.shape, klass.shape];
      const [s0, s1] = body.forward(cat([instance, klass]), run);
      const rows = (from: number, size: number) => (parts: Features) => parts.map((x) => narrow(x, 0, from, size));
      const [ours, theirs] = [rows(0, n), rows(n, m)];
      return heads([ours(s0), ours(s1)], [theirs(s0), theirs(s1)], pass);
    },
    answers: (images, pass, at = MIXINGS) => {
      const shared = body.forward(images, { weights: weights(BACKBONE, pass), pass });
      const pair = heads(shared, shared, pass);
      return at.map((knobs) => {
        const { mixing } = knobs;
        if (mixing === undefined) throw new Error('Cannot answer: a bilateral network needs a mixing, got none');
        return { at: knobs, logits: mix(pair, mixing) };
      });
    },
    dispose: () => store.dispose(),
  };
};

/**
 * Builds the bilateral search network, weights and alphas drawn from `rng`. 2,869,636 weights at 16 channels, 8 cells,
 * 10 classes, 3 channels in. Throws a RangeError on sizes or a logitScale that cannot be.
 */
export const bilateralNetwork = (shape: NetShape, options: Choice & Branching = {}): BilateralNet => {
  const choice = chosen(options);
  const { nodes, layers } = shape;
  const model = twoHeads(shape, {
    ...options,
    plan: (_, kind) => choice.space.plan(kind, { nodes }),
    edges: choice.edges,
    supernet: true,
    weights: (component, pass) => weights(component, pass),
  });
  const places = [
    ...cellKinds(layers).map((kind) => ({ component: BACKBONE, kind })),
    ...HEADS.map((component) => ({ component, kind: 'normal' as const })),
  ];
  const { weights, ...architecture } = alphasFor(places, { ...choice, nodes, store: model.store });
  return { ...model, ...architecture };
};

/**
 * Builds the network that the genotypes of a bilateral search describe: components backbone, instance and class, affine
 * batch norms, one operation per edge. Throws a RangeError where a component or a kind of cell is missing.
 */
export const derivedBilateralNetwork = (
  shape: NetShape,
  options: Branching & { genotypes: Genotypes; primitives?: readonly Primitive[]; mask?: DropMask },
): BilateralModel => {
  const { genotypes, primitives, ...rest } = options;
  return twoHeads(shape, {
    ...rest,
    plan: (component, kind) => derivedPlan(cellOf(genotypes[component], { component, kind }), { primitives, kind }),
    supernet: false,
    weights: allCertain,
  });
};
