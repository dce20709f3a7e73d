import type { StreamState } from '../data/index.js';
import { inPlace, noGrad, parseSafetensors, rng, scope, type Tensor, tensor, toSafetensors } from '../tensor/index.js';

/** Means over the steps of the running epoch. */
export interface Totals {
  steps: number;
  loss: number;
  accuracy: number;
  weightNorm: Record<string, number>;
  alphaNorm: Record<string, number>;
}

/** Where a search stands, apart from its tensors: `step` steps of epoch `epoch` are done. */
export interface Standing {
  readonly epoch: number;
  readonly step: number;
  readonly totals: Totals;
  readonly streams: { readonly train: readonly StreamState[]; readonly valid: readonly StreamState[] };
}

const RNG = 'rng';

/** All of a search as the bytes of a safetensors file: named tensors, the random state, and the standing as metadata. No times, so equal searches give equal bytes. */
export const takeSnapshot = (tensors: Readonly<Record<string, Tensor>>, standing: Standing): Uint8Array[] =>
  scope(() =>
    toSafetensors({ ...tensors, [RNG]: tensor(rng.state()) }, { metadata: { standing: JSON.stringify(standing) } }),
  );

/** Puts a snapshot back into the tensors of the same search, in place, and returns the standing. Throws when the snapshot is of another network. */
export const restoreSnapshot = (bytes: Uint8Array, tensors: Readonly<Record<string, Tensor>>): Standing =>
  scope(() =>
    noGrad(() => {
      const { tensors: saved, metadata } = parseSafetensors(bytes);
      for (const [name, target] of Object.entries(tensors)) {
        const source = saved[name];
        if (source === undefined || source.shape.join() !== target.shape.join())
          throw new Error(
            `Cannot resume: the checkpoint's "${name}" must have shape [${target.shape.join(', ')}], it has ${source === undefined ? 'none' : `[${source.shape.join(', ')}]`}; is it of another run?`,
          );
        inPlace.copy(target, source);
      }
      const state = saved[RNG];
      if (state === undefined || metadata['standing'] === undefined)
        throw new Error('Cannot resume: the checkpoint has no random state or standing; is it of another tool?');
      rng.restore(new Uint8Array(state.data().buffer));
      return JSON.parse(metadata['standing']) as Standing;
    }),
  );
