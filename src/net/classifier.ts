import type { Cosines, Init, Pass, Store } from '../nn/index.js';
import { type Features, joined } from '../space/index.js';
import { mean, type Tensor } from '../tensor/index.js';
import { linearClassifier } from './linear-classifier.js';

/** The sizes of a classifier, and how its weight starts where it has one that may start in another way. */
export interface ClassifierShape {
  readonly channels: number;
  readonly classes: number;
  readonly init?: Init | undefined;
}

/** How pooled features become logits: a kind of last layer. */
export interface Classifier {
  /** As it is spelled: `cosine(30)`. */
  readonly label: string;
  /** Its logits are cosines; absent where they are not. */
  readonly cosines?: Cosines | undefined;
  /** [batch, channels] → [batch, classes]. Throws a RangeError on sizes that it cannot have. */
  build(store: Store, shape: ClassifierShape): (features: Tensor, pass: Pass) => Tensor;
}

/** Global average pooling and a classifier, a linear layer unless said: [batch, channels, h, w] → [batch, classes]. */
export const pooledClassifier = (
  store: Store,
  { kind = linearClassifier(), ...shape }: ClassifierShape & { kind?: Classifier | undefined },
) => {
  const classify = kind.build(store, shape);
  return (features: Features, pass: Pass): Tensor =>
    classify(joined(features.map((part) => mean(part, { dim: [2, 3] }))), pass);
};
