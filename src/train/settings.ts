import { z } from 'zod';

/** The scalars of a search: what `--scale` presets and flags override, and what run.json records. */
export const settings = z
  .object({
    epochs: z.number(),
    batchSize: z.number(),
    /** Channels of the first cell. */
    channels: z.number(),
    /** Cells. */
    layers: z.number(),
    /** Intermediate nodes of a cell. */
    nodes: z.number(),
    /** 1 or 2: whether the architecture's gradient sees how one weight step depends on it (paper, eq 9). */
    order: z.union([z.literal(1), z.literal(2)]),
    weightLr: z.number(),
    /** Where the cosine of the weights' learning rate ends. */
    weightLrMin: z.number(),
    momentum: z.number(),
    weightDecay: z.number(),
    /** Largest Euclidean norm of the weights' gradient. */
    gradClip: z.number(),
    archLr: z.number(),
    archOptimizer: z.enum(['adam', 'sgd']),
    archWeightDecay: z.number(),
  })
  .readonly();
export type Settings = z.infer<typeof settings>;

/** Throws a RangeError that names the first setting no search can run with. */
export const checkSettings = (values: Settings): Settings => {
  const fail = (name: string, rule: string, value: unknown): never => {
    throw new RangeError(`Cannot search: ${name} must be ${rule}, got ${String(value)}`);
  };
  for (const name of ['epochs', 'batchSize', 'channels', 'layers', 'nodes'] as const)
    if (!Number.isInteger(values[name]) || values[name] < 1) fail(name, 'a whole number >= 1', values[name]);
  for (const name of ['weightLr', 'weightLrMin', 'weightDecay', 'archLr', 'archWeightDecay'] as const)
    if (!Number.isFinite(values[name]) || values[name] < 0) fail(name, 'a number >= 0', values[name]);
  if (!(values.momentum >= 0 && values.momentum < 1)) fail('momentum', 'in [0, 1)', values.momentum);
  if (!(values.gradClip > 0)) fail('gradClip', 'a number > 0', values.gradClip);
  if (values.order !== 1 && values.order !== 2) fail('order', '1 or 2', values.order);
  return values;
};
