import { join } from 'node:path';
import { sliceInside, stampInside } from './inside.js';
import { METRICS, type OfRun, recordOf } from './metrics.js';
import type { EpochRecord } from './record.js';

/** What was added to the records of a run since the last look. */
export interface Added {
  /** The file is shorter than it was, or another: the run went back, and all records before these are void. */
  readonly reset: boolean;
  readonly records: readonly EpochRecord[];
  /** There is more to read at once: a look reads no more than a piece. */
  readonly more: boolean;
}

const PIECE = 1 << 18;
/** No record is so long; a file from a stranger may be one endless line. */
const LONGEST = 1 << 25;

/**
 * Follows the records of a run while another process, perhaps on another host, adds to them. Reads each byte once, and
 * whole lines only. Each look throws as reading the whole file does where what was added is damaged; then start anew.
 */
export const metricsTail = (dir: string, of: OfRun): { look(): Added } => {
  const file = join(dir, METRICS);
  let which: number | undefined;
  let at = 0;
  let rest: Buffer[] = []; // of a line that has not ended
  let index = 0;

  const look = (): Added => {
    const stamp = stampInside(dir, METRICS);
    const reset = at > 0 && (stamp === undefined || stamp.file !== which || stamp.size < at);
    if (reset) {
      [at, index, rest] = [0, 0, []];
    }
    which = stamp?.file;
    if (stamp === undefined || stamp.size === at) return { reset, records: [], more: false };
    const slice = sliceInside(dir, METRICS, { from: at, most: PIECE });
    // Replaced in this moment: the next look sees that.
    if (slice === undefined || slice.stamp.file !== which) return { reset, records: [], more: false };
    at += slice.bytes.length;
    const end = slice.bytes.lastIndexOf('\n') + 1;
    const whole = end === 0 ? '' : Buffer.concat([...rest, slice.bytes.subarray(0, end)]).toString('utf8');
    rest = [...(end === 0 ? rest : []), Buffer.from(slice.bytes.subarray(end))]; // a copy: the piece need not be kept
    const lines = whole.split('\n').slice(0, -1);
    const length = rest.reduce((sum, piece) => sum + piece.length, 0);
    if (length > LONGEST)
      throw new Error(
        `Cannot read ${file}: line ${index + lines.length + 1} must be shorter than ${LONGEST} bytes, it is not; ` +
          'restore the file from a copy',
      );
    const records = lines.map((line) => recordOf(line, { index: index++, file, ...of }));
    return { reset, records, more: at < slice.stamp.size };
  };
  return { look };
};
