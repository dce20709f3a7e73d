import { ParameterStore, type Pass } from '../nn/index.js';
import {
  type CellGenotype,
  type CellKind,
  cellInput,
  certain,
  type DropMask,
  derivedPlan,
  type Genotype,
  type Primitive,
} from '../space/index.js';
import type { Tensor } from '../tensor/index.js';
import { allCertain } from './alphas.js';
import { auxiliaryHead } from './auxiliary.js';
import { backbone } from './backbone.js';
import { pooledClassifier } from './classifier.js';
import { BACKBONE, type Model, plainModel } from './model.js';
import { checkShape, type NetShape } from './shape.js';

/** The component of an auxiliary head: `store.size` less its range is what the network has when it is used. */
export const AUXILIARY = 'auxiliary';

/** The component of a classifier: with the others frozen, it is retrained on features that stay as they are. */
export const CLASSIFIER = 'classifier';

/** A network that is trained for its own sake, with its auxiliary head if it has one. */
export interface DerivedNet extends Model {
  /** Logits, and in training those of the auxiliary head. images: [batch, inputChannels, h, w] → [batch, classes] */
  trained(images: Tensor, pass: Pass): { readonly logits: Tensor; readonly auxiliary: Tensor | undefined };
}

/** The cell of a kind. Throws a RangeError that names the component or the kind that is missing. */
export const cellOf = (
  genotype: Genotype | undefined,
  { component, kind }: { component: string; kind: CellKind },
): CellGenotype => {
  if (genotype === undefined) throw new RangeError(`Cannot build network: there is no genotype of the ${component}`);
  const found = genotype[kind];
  if (found === undefined)
    throw new RangeError(`Cannot build network: the genotype of the ${component} has no ${kind} cell`);
  return found;
};

/** What a derived network is made of. */
export interface DerivedOptions {
  readonly genotype: Genotype;
  /** One normal cell more on top: the class head's, for the network that a bilateral search ends in. */
  readonly head?: Genotype | undefined;
  /** Whether it has DARTS' auxiliary head, which helps to train it. No unless said. */
  readonly auxiliary?: boolean | undefined;
  /** Operations in addition to the registered ones. */
  readonly primitives?: readonly Primitive[] | undefined;
  /** What drop-path draws with; from `rng` unless said. */
  readonly mask?: DropMask | undefined;
}

/**
 * Builds the network that a genotype describes, as DARTS trains it: affine batch norms, one operation per edge, dropped
 * with probability `pass.knobs.dropPath` in training. Throws a RangeError on sizes that cannot be and where a kind of
 * cell is missing.
 */
export const derivedNetwork = (
  shape: NetShape,
  { genotype, head, auxiliary = false, primitives, mask }: DerivedOptions,
): DerivedNet => {
  checkShape(shape);
  const { classes, layers, classifier: kind } = shape;
  const plan = (kind: CellKind) => derivedPlan(cellOf(genotype, { component: BACKBONE, kind }), { primitives, kind });
  const topCell = head && cellOf(head, { component: 'head', kind: 'normal' });
  const store = new ParameterStore(shape);
  const place = store.component(BACKBONE);
  const body = backbone(place, shape, { plan, supernet: false, mask });
  const top = topCell && body.top(place.child('cells').child(layers), derivedPlan(topCell, { primitives }));
  const channels = top?.outputChannels ?? body.widths.at(-1) ?? 0;
  const classify = pooledClassifier(store.component(CLASSIFIER).child('classifier'), { channels, classes, kind });
  const at = Math.floor((2 * layers) / 3);
  const extra = auxiliary
    ? auxiliaryHead(store.component(AUXILIARY).child('auxiliary'), { channels: body.widths[at] ?? 0, classes, kind })
    : undefined;
  store.allocate();

  const trained = (images: Tensor, pass: Pass) => {
    let side: Tensor | undefined;
    const [s0, s1] = body.forward(images, {
      weights: allCertain(BACKBONE, pass),
      pass,
      onCell: (i, output) => {
        if (i === at && pass.training) side = extra?.(output, pass);
      },
    });
    const last = top === undefined ? s1 : top.forward(cellInput(s0), cellInput(s1), { weights: certain, pass });
    return { logits: classify(last, pass), auxiliary: side };
  };
  const { cosines } = kind ?? {};
  return { ...plainModel(store, (images, pass) => trained(images, pass).logits, { cosines }), trained };
};
