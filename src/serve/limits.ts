import { join } from 'node:path';
import { bytes } from '../measure/index.js';
import { type Stamp, stampInside } from '../run/inside.js';

const MOST_BYTES = 1 << 26;

/**
 * How a file of a run folder stands, or undefined where it is not there. Throws where it is larger than any that a run
 * writes: the folder may be from a stranger, and is read while others wait.
 */
export const stampOf = (dir: string, name: string): Stamp | undefined => {
  const stamp = stampInside(dir, name);
  if (stamp !== undefined && stamp.size > MOST_BYTES)
    throw new Error(
      `Cannot read ${join(dir, name)}: it must have at most ${bytes(MOST_BYTES)}, it has ${bytes(stamp.size)}; ` +
        'restore it from a copy',
    );
  return stamp;
};
