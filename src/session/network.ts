import { type Plan, planOf } from '../experiment/index.js';
import type { Learner } from '../learn/index.js';
import { readStanding, restoreTensors } from '../loop/index.js';
import type { Knobs } from '../nn/index.js';
import type { RunFolder } from '../run/index.js';
import { rng } from '../tensor/index.js';
import { reading, requireCheckpoint, requireOwn } from './checkpoint.js';

/** The network of a run as its newest checkpoint has it, with what run.json says of the images that it reads. */
export interface RestoredNetwork {
  readonly plan: Plan;
  readonly learner: Learner;
  /** What it is asked at: what the run's evaluation was measured at, else the first of its settings. */
  readonly at: Knobs;
  /** The schedules' values that it was trained with last. */
  readonly knobs: Knobs;
  readonly images: {
    readonly channels: number;
    readonly imageSize: number;
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
}

/**
 * Builds the network of a run and puts its newest checkpoint back, without the data that it was trained on. Throws when
 * the run has no checkpoint, when its run.json does not say how images are prepared (format 1), and when the checkpoint
 * is of another network. `action` begins these errors.
 */
export const restoreNetwork = (
  folder: RunFolder,
  { device, action = `Cannot open ${folder.path}` }: { device: string; action?: string },
): RestoredNetwork => {
  const { info, path, readEvaluation } = folder;
  const fail = (problem: string): never => {
    throw new Error(`${action}: ${problem}`);
  };
  const { classes, channels, imageSize, mean, std, counts } = info.data;
  if (channels === null || imageSize === null || mean === null || std === null)
    return fail(
      'its run.json must say how images are prepared, it is of format 1; ' +
        `test it on its own data with \`tailnas evaluate ${path}\``,
    );
  const checkpoint = requireCheckpoint(folder, action);
  const plan = planOf(info.experiment, { run: path });
  requireOwn(folder, checkpoint);
  const { phase, memo } = reading({ path, checkpoint }, () => readStanding(checkpoint.bytes));
  const builds = plan.phases.findLast(
    ({ start }, i) => start !== undefined && i <= (phase?.index ?? plan.phases.length),
  );
  const random = rng.state();
  const learner =
    builds?.start?.(
      {
        ...{ classes: classes.length, inputChannels: channels, imageSize, counts: counts.train, device },
        validates: counts.valid.some((count) => count > 0),
      },
      { memo },
    ) ?? fail('none of its phases builds a network');
  rng.restore(random); // opening a run must change nothing of one under way
  try {
    reading({ path, checkpoint }, () => restoreTensors(checkpoint.bytes, learner));
  } catch (error) {
    learner.dispose();
    throw error;
  }
  const at = readEvaluation()?.at ?? learner.model.settings[0] ?? {};
  const knobs = folder.records().at(-1)?.knobs ?? {};
  return { plan, learner, at, knobs, images: { channels, imageSize, mean, std } };
};
