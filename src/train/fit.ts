/** A straight line a + b·x. */
export interface Line {
  readonly a: number;
  readonly b: number;
}

/** The line through one or two measurements; one alone stands for proportion. It never falls: noise could turn it. */
export const lineThrough = (
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number] = [x0, y0],
): Line => {
  const b = x1 === x0 ? y0 / x0 : Math.max(0, (y1 - y0) / (x1 - x0));
  return { a: y1 - b * x1, b };
};

export const at = ({ a, b }: Line, x: number): number => a + b * x;

/** The largest whole x >= 1 at which a line that rises is within `limit`; 0 when none is. */
export const largestWithin = ({ a, b }: Line, limit: number): number =>
  b > 0 ? Math.max(0, Math.floor((limit - a) / b)) : a <= limit ? Number.MAX_SAFE_INTEGER : 0;

/** A run was refused: it needs more memory than it can have. */
export class MemoryError extends RangeError {
  override readonly name = 'MemoryError';
}

const GB = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Throws a MemoryError that names the largest batch for which there is memory. */
export const requireFit = (
  { expectedMemoryBytes, freeMemoryBytes, largestBatch }: MemoryNeed,
  { action }: { action: 'search' | 'resume' },
): void => {
  if (expectedMemoryBytes <= freeMemoryBytes) return;
  const [rule, got] = [`must fit into ${GB(freeMemoryBytes)} of memory`, `about ${GB(expectedMemoryBytes)}`];
  const way =
    action === 'resume'
      ? 'free some'
      : largestBatch === 0
        ? 'not even a batch of 1 would'
        : `the largest batch that does is ${largestBatch} (--batch-size ${largestBatch})`;
  throw new MemoryError(`Cannot ${action}: the run ${rule}, got ${got}; ${way}, or try it all the same with --force`);
};

/** What a run needs of the memory that it can have. */
export interface MemoryNeed {
  /** Peak resident memory of the process. */
  readonly expectedMemoryBytes: number;
  /** What the process can have on this machine, that which it holds already included. */
  readonly freeMemoryBytes: number;
  /** The largest batch with which the run would fit; 0 when none would. */
  readonly largestBatch: number;
}
