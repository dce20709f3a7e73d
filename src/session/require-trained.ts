import type { RunInfo } from '../run/index.js';

/**
 * Throws where a run is of a search: nobody wants to use the network that it searched in. `action` begins the error:
 * `Cannot export`.
 */
export const requireTrained = (run: string, { action, info }: { action: string; info: RunInfo }): void => {
  if (info.experiment.kind === 'search')
    throw new Error(
      `${action} ${run}: it must be a trained network, this is a search, whose network mixes all candidates; ` +
        `train what it found with \`tailnas train ${run}\`, and name that run`,
    );
};
