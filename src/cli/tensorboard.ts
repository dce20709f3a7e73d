import { Option } from 'commander';
import { openEventFile } from '../log/index.js';
import { messageOf } from '../measure/index.js';

/** For commands that start runs. */
export const tensorboardOption = (): Option =>
  new Option('--tensorboard', 'keep a TensorBoard event file in the run folder: tensorboard --logdir runs');

/**
 * Keeps the event file of the run, or of each part of a fit, that events tell of. That it cannot is said once, and
 * stops nothing.
 */
export const eventKeeper = (wanted: boolean, say: (text: string) => void) => {
  let file: ReturnType<typeof openEventFile> | undefined;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      file = undefined;
      say(`no more is written for TensorBoard (${messageOf(error)}); \`tailnas log\` can do so later`);
    }
  };
  const update = (): void => attempt(() => file?.update());
  return {
    on: (event: { readonly type: string; readonly run?: string }): void => {
      const { type, run } = event;
      if (type === 'start' && run !== undefined && wanted)
        attempt(() => {
          file = openEventFile(run);
        });
      if (type === 'epoch' || type === 'part-end') update();
    },
    end: update,
  };
};
