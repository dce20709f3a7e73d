import { constants } from 'node:buffer';
import { freemem, totalmem } from 'node:os';

/** What a run needs of the memory that it can have. */
export interface MemoryNeed {
  /** Peak resident memory of the process. */
  readonly expectedMemoryBytes: number;
  /** What the process can have on this machine, that which it holds already included. */
  readonly freeMemoryBytes: number;
  /** The largest batch with which the run would fit; 0 when none would. */
  readonly largestBatch: number;
}

/** A run was refused: it needs more memory than it can have. */
export class MemoryError extends RangeError {
  override readonly name = 'MemoryError';
}

const GB = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Throws a MemoryError that says what to do: of searches and trainings, the largest batch that there is memory for. */
export const requireMemory = (
  { expectedMemoryBytes, freeMemoryBytes, largestBatch }: MemoryNeed,
  { action }: { action: string },
): void => {
  if (expectedMemoryBytes <= freeMemoryBytes) return;
  const [rule, got] = [`must fit into ${GB(freeMemoryBytes)} of memory`, `about ${GB(expectedMemoryBytes)}`];
  const batch =
    largestBatch === 0
      ? 'not even a batch of 1 would'
      : `the largest batch that does is ${largestBatch} (--batch-size ${largestBatch})`;
  const force = ', or start it anyway with --force';
  // A fit chooses its batches itself, and a run that is resumed has them.
  const ways: Readonly<Record<string, string>> = {
    fit: 'free some, or use smaller images (--image-size)',
    resume: `free some${force}`,
  };
  throw new MemoryError(`Cannot ${action}: the run ${rule}, got ${got}; ${ways[action] ?? batch + force}`);
};

/** Pixels below which nothing is refused here: whether a run fits is decided when its network is known. */
const SMALL = 64e6;

/** Node's arrays of bytes hold no more. */
const MOST_BYTES = constants.MAX_LENGTH;

/**
 * Throws a MemoryError where the pixels of a data set cannot be in memory, before any of them is decoded: with the
 * largest image size that could.
 */
export const requireDataMemory = (
  {
    images,
    largestSet,
    imageSize,
    channels,
  }: {
    /** All of them. */
    images: number;
    /** Images of the largest of training, validation and test. */
    largestSet: number;
    imageSize: number;
    channels: number;
  },
  { force = false }: { force?: boolean | undefined } = {},
): void => {
  const each = imageSize ** 2 * channels;
  const free = freeMemory();
  const held = process.memoryUsage.rss();
  const refuse = (rule: string, got: number, scale: number): never => {
    const fits = Math.floor(imageSize * Math.sqrt(Math.max(0, scale)));
    const way = fits < 8 ? 'use fewer images' : `use fewer images, or smaller ones: --image-size ${fits} would do`;
    throw new MemoryError(`Cannot load data: pixels ${rule}, got ${GB(got)} (${images} images); ${way}`);
  };
  if (largestSet * each > MOST_BYTES)
    refuse(`of one part must fit into ${GB(MOST_BYTES)}`, largestSet * each, MOST_BYTES / (largestSet * each));
  if (!force && images * each > SMALL && held + images * each > free)
    refuse(`must fit into ${GB(Math.max(0, free - held))} of memory`, images * each, (free - held) / (images * each));
};

/**
 * The memory that this process can have, in bytes: what it holds already and what the machine has to spare, no more
 * than its control group allows. Of several processes that hold as much, on one machine, it is what all can have
 * together. `TAILNAS_MEMORY` says otherwise.
 */
export const freeMemory = (processes = 1): number => {
  const said = process.env['TAILNAS_MEMORY'];
  if (said !== undefined) {
    const bytes = Number(said);
    if (!(bytes > 0))
      throw new RangeError(`Cannot read TAILNAS_MEMORY: it must be a number of bytes > 0, got "${said}"`);
    return bytes;
  }
  // Node's `freemem` is Linux' MemAvailable: caches that can be dropped count as free. A limit of 0 means none.
  return Math.min(
    totalmem(),
    processes * process.memoryUsage.rss() + freemem(),
    process.constrainedMemory() || Number.POSITIVE_INFINITY,
  );
};
