import { isDeepStrictEqual } from 'node:util';
import type { Dataset } from '../data/index.js';
import type { RunInfo } from '../run/index.js';

/** A run whose description says which data to use. */
export interface DataOrigin {
  readonly run: string;
  readonly data: RunInfo['data'];
  /** What is done with them, for errors: `continue`. */
  readonly action: string;
  /** What to do where they are not there or have changed. */
  readonly remedy: string;
}

/** What opening data comes to; where it fails, who named the data and what to do is said. */
export const fromOrigin = async <T>(
  origin: Omit<DataOrigin, 'data'> | undefined,
  open: () => Promise<T>,
): Promise<T> => {
  try {
    return await open();
  } catch (error) {
    if (origin === undefined || !(error instanceof Error)) throw error;
    const { run, action, remedy } = origin;
    throw new Error(
      `Cannot ${action} ${run} on the data that it began with: ${error.message.replace(/^Cannot [^:]*: /, '')}; ` +
        remedy,
      { cause: error },
    );
  }
};

const short = (fingerprint: string): string => `${fingerprint.slice(0, 12)}…`;

const imagesOf = ({ counts }: Pick<Dataset, 'counts'>): number[][] => [
  counts.train.map((n, c) => n + (counts.valid[c] ?? 0)),
  [...counts.test],
];

/**
 * Throws unless data are what they were for the run that named them. Where `split` says that other images validate than
 * did there, fingerprints cannot be equal, and the images of each class are counted.
 */
export const requireSameData = (
  dataset: Pick<Dataset, 'counts' | 'fingerprint'>,
  {
    run,
    data,
    action,
    remedy,
    split = 'same',
  }: Omit<DataOrigin, 'data'> & {
    data: Pick<DataOrigin['data'], 'fingerprint' | 'spec' | 'counts'>;
    split?: 'same' | 'other';
  },
): void => {
  const [its, found] =
    split === 'same'
      ? [`fingerprint ${short(data.fingerprint)}`, short(dataset.fingerprint)]
      : [`images per class ${imagesOf(data).join(' and ')}`, imagesOf(dataset).join(' and ')];
  const same =
    split === 'same' ? dataset.fingerprint === data.fingerprint : isDeepStrictEqual(imagesOf(dataset), imagesOf(data));
  if (!same)
    throw new Error(
      `Cannot ${action} ${run}: its data must not have changed (${its}), ${data.spec} now has ${found}; ${remedy}`,
    );
};
