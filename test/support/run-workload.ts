import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createRun, openRun, type RunFolder, writeCells, writePictures } from '../../src/run/index.js';
import { info as ofTen, recordOf, resultOf } from './run-files.js';

const EPOCHS = 3;
const info = {
  ...ofTen,
  experiment: { ...ofTen.experiment, phases: [{ name: 'search', epochs: EPOCHS, knobs: {}, frozen: [] }] },
};
const checkpoint = (epoch: number): Uint8Array[] =>
  Array.from({ length: 2 }, (_, i) => new Uint8Array(5000).fill(10 * epoch + i));

const begin = (dir: string): RunFolder =>
  existsSync(join(dir, 'run.json')) ? openRun(dir, { write: true }) : createRun(dir, info);

/**
 * All that a run does to its folder, from wherever it stands to its end, without an engine: a search of three epochs
 * whose records, checkpoints, pictures and result are always the same.
 */
export const workload = (dir: string): void => {
  const run = begin(dir);
  try {
    if (run.readEvaluation() !== undefined) return;
    const records = run.records().length;
    const at = run.checkpoints.newest({ epochs: records })?.position.epoch ?? 0;
    run.truncateRecords(({ epoch }) => epoch < at);
    for (let epoch = at; epoch < EPOCHS; epoch++) {
      run.appendRecord(recordOf(epoch));
      run.writeGenotype({ backbone: { normal: { nodes: [], concat: [epoch] } } });
      run.log(`epoch ${epoch + 1}`);
      run.checkpoints.save({ epoch: epoch + 1, step: 0 }, checkpoint(epoch));
    }
    writePictures(
      dir,
      { format: 1, imageSize: 8, augment: 'flip', seen: [], mistakes: [] },
      { 'seen.png': new Uint8Array(900).fill(7) },
    );
    writeCells(dir, { 'backbone-normal.svg': '<svg/>' });
    run.writeEvaluation(resultOf());
    run.log('done');
  } catch (error) {
    run.logFailure(error);
    throw error;
  } finally {
    run.close();
  }
};
