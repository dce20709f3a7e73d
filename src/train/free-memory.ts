import { freemem } from 'node:os';

/**
 * The memory that this process can have, in bytes: what it holds already and what the machine has to spare, no more than its control group allows.
 * `TAILNAS_MEMORY` says otherwise.
 */
export const freeMemory = (): number => {
  const said = process.env['TAILNAS_MEMORY'];
  if (said !== undefined) {
    const bytes = Number(said);
    if (!(bytes > 0))
      throw new RangeError(`Cannot read TAILNAS_MEMORY: it must be a number of bytes > 0, got "${said}"`);
    return bytes;
  }
  // Node's `freemem` is Linux' MemAvailable: caches that can be dropped count as free. A limit of 0 stands for none.
  return Math.min(process.memoryUsage.rss() + freemem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
};
