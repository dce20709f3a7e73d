import type { Sampling } from '../data/index.js';
import { searchNetwork } from '../net/index.js';
import type { SearchMethod } from './method.js';

/** DARTS: one network, one stream. `sampling: 'class'` draws every class equally often (the paper's re-sampling row, eq 12). */
export const singleBranch = ({ sampling = 'instance' }: { sampling?: Sampling } = {}): SearchMethod => ({
  label: sampling === 'instance' ? 'DARTS' : `DARTS, ${sampling} sampling`,
  streams: [sampling],
  build: (shape, { relax }) => {
    const net = searchNetwork(shape, { relax });
    return {
      ...net,
      forward: ([batch], { criterion }) => {
        if (batch === undefined) throw new Error('Cannot run step: a single-branch method needs one batch, got none');
        const logits = net.logits(batch.images);
        return {
          loss: criterion(logits, batch.labels),
          logits,
          targets: [{ labels: batch.labels, share: 1 }],
        };
      },
    };
  },
});
