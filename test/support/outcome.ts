import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openRun } from '../../src/run/index.js';

/** What a run came to, without what the clock and the machine say. */
export const outcomeOf = (run: string) => {
  const folder = openRun(run);
  return {
    records: folder.records().map((record) => ({ ...record, seconds: 0, imagesPerSecond: 0, peakMemoryBytes: 0 })),
    evaluation: folder.readEvaluation(),
    genotype: folder.readGenotype(),
    checkpoint: readdirSync(join(run, 'checkpoints')).sort().at(-1),
  };
};
