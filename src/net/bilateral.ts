import { type Knobs, ParameterStore, type Pass, type Store } from '../nn/index.js';
import {
  type CellKind,
  type CellPlan,
  type DropMask,
  derivedPlan,
  type Features,
  type Genotypes,
  type OpWeights,
  type Primitive,
} from '../space/index.js';
import { add, cat, mul, narrow, type Tensor } from '../tensor/index.js';
import { allCertain, alphasFor, type Choice, chosen, disposer, type WeightsOf } from './alphas.js';
import { type Backbone, backbone } from './backbone.js';
import { classifier } from './classifier.js';
import { cellOf } from './derived.js';
import { BACKBONE, type Model, type Supernet } from './model.js';
import { checkShape, type NetShape } from './shape.js';

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

/** One normal cell at the last cell's width on the outputs of the last two, global average pooling, a linear layer. */
const head = (store: Store, body: Backbone, { plan, classes }: { plan: CellPlan; classes: number }) => {
  const last = body.top(store.child('cell'), plan);
  const classify = classifier(store.child('classifier'), { channels: last.outputChannels, classes });
  return ([s0, s1]: readonly [Features, Features], run: { weights: OpWeights; pass: Pass }): Tensor =>
    classify(last.forward(s0, s1, run));
};

interface TwoHeads extends Branching {
  readonly plan: (component: string, kind: CellKind) => CellPlan;
  readonly supernet: boolean;
  readonly mask?: DropMask | undefined;
}

/** What a supernet and a derived network share; `model` completes it when the operation weights are known. */
const twoHeads = (shape: NetShape, { plan, supernet, mask, bnScope = 'joint', logitScale = 1 }: TwoHeads) => {
  checkShape(shape);
  if (!(logitScale > 0 && Number.isFinite(logitScale)))
    throw new RangeError(`Cannot mix branches: logitScale must be a number > 0, got ${logitScale}`);
  const store = new ParameterStore(shape);
  const body = backbone(store.component(BACKBONE), shape, { plan: (kind) => plan(BACKBONE, kind), supernet, mask });
  const { classes } = shape;
  const build = (name: string) =>
    head(store.component(name).child(name), body, { plan: plan(name, 'normal'), classes });
  const [instanceHead, classHead] = [build('instance'), build('class')];
  store.allocate();

  const mix = ([ours, theirs]: readonly [Tensor, Tensor], m: number): Tensor =>
    add(mul(ours, logitScale * m), mul(theirs, logitScale * (1 - m)));

  const model = (weights: WeightsOf) => {
    const forward = (images: Tensor, pass: Pass) => body.forward(images, { weights: weights(BACKBONE, pass), pass });
    const heads = (ours: [Features, Features], theirs: [Features, Features], pass: Pass): [Tensor, Tensor] => [
      instanceHead(ours, { weights: weights('instance', pass).normal, pass }),
      classHead(theirs, { weights: weights('class', pass).normal, pass }),
    ];
    const features = (instance: Tensor, klass: Tensor, pass: Pass): [[Features, Features], [Features, Features]] => {
      if (bnScope === 'perBranch') {
        const run = { weights: weights(BACKBONE, pass), pass };
        return [body.forward(instance, run), body.forward(klass, run)];
      }
      const [n = 0] = instance.shape;
      const [m = 0] = klass.shape;
      const [s0, s1] = forward(cat([instance, klass]), pass);
      const rows = (part: Features, from: number, size: number) => part.map((x) => narrow(x, 0, from, size));
      return [
        [rows(s0, 0, n), rows(s1, 0, n)],
        [rows(s0, n, m), rows(s1, n, m)],
      ];
    };
    return {
      store,
      settings: MIXINGS,
      mix,
      branches: (instance: Tensor, klass: Tensor, pass: Pass): [Tensor, Tensor] =>
        heads(...features(instance, klass, pass), pass),
      answers: (images: Tensor, pass: Pass, at: readonly Knobs[] = MIXINGS) => {
        const shared = forward(images, pass);
        const pair = heads(shared, shared, pass);
        return at.map((knobs) => {
          const { mixing } = knobs;
          if (mixing === undefined) throw new Error('Cannot answer: a bilateral network needs a mixing, got none');
          return { at: knobs, logits: mix(pair, mixing) };
        });
      },
    };
  };
  return { store, body, model };
};

/**
 * Builds the bilateral search network, weights and alphas drawn from `rng`. 2,869,636 weights at 16 channels, 8 cells,
 * 10 classes, 3 channels in. Throws a RangeError on sizes or a logitScale that cannot be.
 */
export const bilateralNetwork = (shape: NetShape, options: Choice & Branching = {}): BilateralNet => {
  const choice = chosen(options);
  const { nodes } = shape;
  const plan = (_: string, kind: CellKind): CellPlan => choice.space.plan(kind, { nodes });
  const { store, body, model } = twoHeads(shape, { ...options, plan, supernet: true });
  const places = [
    ...body.kinds.map((kind) => ({ component: BACKBONE, kind })),
    ...HEADS.map((component) => ({ component, kind: 'normal' as const })),
  ];
  const { weights, ...architecture } = alphasFor(places, { ...choice, nodes, store });
  return { ...architecture, ...model(weights), dispose: disposer(store, architecture.alphas) };
};

/**
 * Builds the network that the genotypes of a bilateral search describe: components backbone, instance and class, affine
 * batch norms, one operation per edge. Throws a RangeError where a component or a kind of cell is missing.
 */
export const derivedBilateralNetwork = (
  shape: NetShape,
  {
    genotypes,
    primitives,
    ...rest
  }: Branching & { genotypes: Genotypes; primitives?: readonly Primitive[]; mask?: DropMask },
): BilateralModel => {
  const plan = (component: string, kind: CellKind): CellPlan =>
    derivedPlan(cellOf(genotypes[component], { component, kind }), { primitives });
  const { store, model } = twoHeads(shape, { ...rest, plan, supernet: false });
  return { ...model(allCertain), dispose: disposer(store, []) };
};
