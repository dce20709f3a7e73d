/** One of the two heads on the shared backbone: it alone answers at `mixing` (eq 10). */
export interface Head {
  readonly component: string;
  readonly mixing: 0 | 1;
  /** What the head's gradient is proportional to, by theorem 1. */
  readonly follows: (mixing: number) => number;
}

export const instanceHead: Head = { component: 'instance', mixing: 1, follows: (m) => m };
export const classHead: Head = { component: 'class', mixing: 0, follows: (m) => 1 - m };
export const heads: readonly Head[] = [instanceHead, classHead];

/** The component whose architecture learning rate eq 17 scales. */
export const BACKBONE = 'backbone';
