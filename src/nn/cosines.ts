/** Says of logits that they are cosines between an image's features and a direction per class, times `scale`. */
export interface Cosines {
  readonly scale: number;
  /** Whether the directions of the classes stay as they are; else they are trained. */
  readonly fixed: boolean;
}
