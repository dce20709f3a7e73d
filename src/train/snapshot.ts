import { z } from 'zod';
import { inPlace, noGrad, parseSafetensors, rng, scope, type Tensor, tensor, toSafetensors } from '../tensor/index.js';

const sums = z.record(z.string(), z.number());
const totals = z.object({
  steps: z.number(),
  loss: z.number(),
  accuracy: z.number(),
  weightNorm: sums,
  alphaNorm: sums,
});
/** Sums over the steps of the running epoch. */
export type Totals = z.infer<typeof totals>;

const streamState = z.object({
  sampler: z.object({
    sampling: z.enum(['instance', 'class', 'reversed']),
    rng: z.array(z.number()),
    position: z.number(),
  }),
  rng: z.array(z.number()),
});
const standing = z.object({
  epoch: z.number(),
  step: z.number(),
  totals,
  streams: z.object({ train: z.array(streamState), valid: z.array(streamState) }),
});
/** Where a search stands, apart from its tensors: `step` steps of epoch `epoch` are done. */
export type Standing = z.infer<typeof standing>;

const RNG = 'rng';

/** All of a search as the bytes of a safetensors file: named tensors, the random state, and the standing as metadata. No times, so equal searches give equal bytes. */
export const takeSnapshot = (tensors: Readonly<Record<string, Tensor>>, where: Standing): Uint8Array[] =>
  scope(() =>
    toSafetensors({ ...tensors, [RNG]: tensor(rng.state()) }, { metadata: { standing: JSON.stringify(where) } }),
  );

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

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
      const where = standing.safeParse(parseJson(metadata['standing'] ?? ''));
      if (state === undefined || !where.success)
        throw new Error('Cannot resume: the checkpoint has no random state or standing; is it of another tool?');
      rng.restore(new Uint8Array(state.data().buffer));
      return where.data;
    }),
  );
