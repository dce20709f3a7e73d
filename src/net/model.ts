import type { Cosines, Freezing, Knobs, ParameterStore, Pass } from '../nn/index.js';
import type { CellKind, Genotype, Relaxation, SearchSpace } from '../space/index.js';
import type { Tensor } from '../tensor/index.js';

/** What a model says of a batch at one of its settings. */
export interface Answer {
  readonly at: Knobs;
  /** [batch, classes] */
  readonly logits: Tensor;
}

/** Anything with weights that classifies images. */
export interface Model {
  readonly store: ParameterStore;
  /** What it is tested at: one setting ({}), or one per test-time mixing. Validation follows the first. */
  readonly settings: readonly Knobs[];
  /** Its logits are cosines; absent where they are not. Some losses need that. */
  readonly cosines?: Cosines | undefined;
  /** One answer per setting, `settings` unless said, from one pass. images: [batch, inputChannels, h, w] */
  answers(images: Tensor, pass: Pass, at?: readonly Knobs[]): readonly Answer[];
  dispose(): void;
}

/** Architecture parameters of one kind of cell of one component. */
export interface Alpha {
  readonly component: string;
  readonly kind: CellKind;
  /** The relaxation's name for them: ops, … */
  readonly part: string;
  /** Of the shape that the relaxation says; a leaf. */
  readonly value: Tensor;
}

/** A model in which a search chooses: weights in `store`, architecture parameters in `alphas`. */
export interface Supernet extends Model {
  readonly space: SearchSpace;
  readonly relaxation: Relaxation;
  readonly alphas: readonly Alpha[];
  /** Operation weights by component and kind, [edges, primitives]: what the relaxation makes of alpha now. */
  opWeights(): Record<string, Record<string, number[][]>>;
  /** The architecture now, by component and kind, chosen by the selector. */
  genotypes(): Record<string, Genotype>;
}

/** The component that holds stem and cells, of a supernet with one branch all of it. */
export const BACKBONE = 'backbone';

const single: readonly Knobs[] = [{}];

/** A model that answers in one way only. logits: [batch, inputChannels, h, w] → [batch, classes] */
export const plainModel = (
  store: ParameterStore,
  logits: (images: Tensor, pass: Pass) => Tensor,
  { cosines }: Pick<Model, 'cosines'> = {},
): Model => ({
  store,
  settings: single,
  cosines,
  answers: (images, pass, at = single) => {
    const answer = logits(images, pass);
    return at.map((knobs) => ({ at: knobs, logits: answer }));
  },
  dispose: () => store.dispose(),
});

/** Freezes these components, and no others: weights, batch-norm statistics and architecture parameters. */
export const freeze = (
  { store, alphas = [] }: Pick<Model, 'store'> & Partial<Pick<Supernet, 'alphas'>>,
  components: readonly string[],
  how: Freezing = {},
): void => {
  store.freeze(components, how);
  for (const { component, value } of alphas) value.requireGrad(!store.frozen.has(component));
};
