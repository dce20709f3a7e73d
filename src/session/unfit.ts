import { expandAugment, parseAugment } from '../augment/index.js';
import type { Dataset } from '../data/index.js';
import { changesOf, kebab, type Plan } from '../experiment/index.js';
import { DivergedError, UnfitError } from '../learn/index.js';

/**
 * What is thrown before a run begins, while its network is built and tried on blank images, with a way out. A
 * RangeError says what was asked for in vain, which makes it an UnfitError. What diverges there, before any weight
 * moves, does so by a value that was given.
 */
const refused = (error: unknown, plan: Plan): unknown => {
  if (error instanceof DivergedError) {
    const given = Object.entries(changesOf(plan)).map(([name, value]) => `--${kebab(name)} ${value}`);
    return new UnfitError(
      `Cannot run ${plan.experiment.name}: in a trial ${error.problem}, before anything is learned; ` +
        `look at ${given.length === 0 ? 'the sizes' : given.join(', ')}`,
      { cause: error },
    );
  }
  const plain = error instanceof RangeError && error.name === 'RangeError';
  return plain ? new UnfitError(error.message, { cause: error }) : error;
};

/** Does what may show that a plan cannot be carried out on its data; see `refused`. */
export const fitting = async <T>(plan: Plan, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw refused(error, plan);
  }
};

/**
 * How a plan changes the training images of a data set, as a label. Throws an UnfitError where it cannot change those.
 */
export const augmentOf = (
  plan: Plan,
  { augment: usual, imageSize, counts }: Pick<Dataset, 'augment' | 'imageSize' | 'counts'>,
  { flip }: { readonly flip?: boolean | undefined },
): Promise<string> => {
  const { batchSize } = plan;
  return fitting(plan, () => {
    const label = expandAugment(plan.augment, { usual, flip });
    parseAugment(label).check?.({ imageSize, batchSize, counts: counts.train });
    return label;
  });
};
