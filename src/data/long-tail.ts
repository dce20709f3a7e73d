export const imbalances = ['exp', 'step', 'natural'] as const;
export type Imbalance = (typeof imbalances)[number];

export interface LongTailOptions {
  readonly imbalance: Imbalance;
  readonly imbalanceRatio: number;
  /** Names for messages. */
  readonly classes?: readonly string[];
}

type Shape = Exclude<Imbalance, 'natural'>;

const share = (c: number, classes: number, { shape, ratio }: { shape: Shape; ratio: number }): number => {
  if (shape === 'step') return c < Math.floor(classes / 2) ? 1 : 1 / ratio;
  return classes === 1 ? 1 : (1 / ratio) ** (c / (classes - 1));
};

/** Rounds down. Products such as 4900 * (1 / 49) come out a hair below the integer that they are. */
const floor = (value: number): number => Math.floor(value * (1 + 1e-12));

const tail = (available: readonly number[], imbalance: Imbalance, ratio: number): number[] => {
  if (imbalance === 'natural') return [...available];
  const shares = available.map((_, c) => share(c, available.length, { shape: imbalance, ratio }));
  const counts = (head: number): number[] => shares.map((part) => floor(head * part));
  const enough = (head: number): boolean => counts(head).every((count, c) => count <= (available[c] ?? 0));
  let head = Math.floor(Math.min(...available.map((n, c) => (n + 1) / (shares[c] ?? 1))));
  while (!enough(head)) head--;
  return counts(head);
};

const remedy = (available: readonly number[], imbalance: Imbalance, ratio: number): string => {
  const fits = (candidate: number): boolean => tail(available, imbalance, candidate).every((count) => count >= 2);
  if (imbalance === 'natural' || !fits(1)) return 'add images or remove the class';
  let low = 1;
  let high = Math.ceil(ratio); // bisection: the smallest class shrinks as the ratio grows
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return `use a ratio of ${low} or less, or add images`;
};

const images = (count: number | undefined): string => (count === 1 ? '1 image' : `${count ?? 0} images`);

/**
 * Decides how many images of each class to keep so that the set has a long tail (LDAM-DRW, BBN), classes in label
 * order, r = 1/ratio. `exp`: n_c = floor(n_max r^(c/(C-1))). `step`: n_max for the first half, floor(n_max r) for the
 * second. `natural`: all there are. n_max is the largest head for which every class has enough images. Throws when the
 * ratio is below 1 or a class would get fewer than 2 images: one to train, one to validate.
 */
export const longTailCounts = (
  available: readonly number[],
  { imbalance, imbalanceRatio, classes = [] }: LongTailOptions,
): number[] => {
  if (!(imbalanceRatio >= 1 && Number.isFinite(imbalanceRatio)))
    throw new Error(`Cannot make a long tail: the imbalance ratio must be a number >= 1, got ${imbalanceRatio}`);
  const counts = tail(available, imbalance, imbalanceRatio);
  const poor = counts.findIndex((count) => count < 2);
  if (poor >= 0) {
    const cause = imbalance === 'natural' ? 'has' : `at imbalance ratio ${imbalanceRatio} gets`;
    const action = imbalance === 'natural' ? 'split classes' : 'make a long tail';
    throw new Error(
      `Cannot ${action}: class "${classes[poor] ?? poor}" ${cause} ${images(counts[poor])}, ` +
        `at least 2 are needed (one to train, one to validate); ${remedy(available, imbalance, imbalanceRatio)}`,
    );
  }
  return counts;
};
