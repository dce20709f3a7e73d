/** The scalars of a search: what `--scale` presets and flags override. */
export interface Settings {
  readonly epochs: number;
  readonly batchSize: number;
  /** Channels of the first cell. */
  readonly channels: number;
  /** Cells. */
  readonly layers: number;
  /** Intermediate nodes of a cell. */
  readonly nodes: number;
  /** 1 or 2: whether the architecture's gradient sees how one weight step depends on it (paper, eq 9). */
  readonly order: 1 | 2;
  readonly weightLr: number;
  /** Where the cosine of the weights' learning rate ends. */
  readonly weightLrMin: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Largest Euclidean norm of the weights' gradient. */
  readonly gradClip: number;
  readonly archLr: number;
  readonly archOptimizer: 'adam' | 'sgd';
  readonly archWeightDecay: number;
}

/** Throws a RangeError that names the first setting no search can run with. */
export const checkSettings = (settings: Settings): Settings => {
  const fail = (name: string, rule: string, value: unknown): never => {
    throw new RangeError(`Cannot search: ${name} must be ${rule}, got ${String(value)}`);
  };
  for (const name of ['epochs', 'batchSize', 'channels', 'layers', 'nodes'] as const)
    if (!Number.isInteger(settings[name]) || settings[name] < 1) fail(name, 'a whole number >= 1', settings[name]);
  for (const name of ['weightLr', 'weightLrMin', 'weightDecay', 'archLr', 'archWeightDecay'] as const)
    if (!Number.isFinite(settings[name]) || settings[name] < 0) fail(name, 'a number >= 0', settings[name]);
  if (!(settings.momentum >= 0 && settings.momentum < 1)) fail('momentum', 'in [0, 1)', settings.momentum);
  if (!(settings.gradClip > 0)) fail('gradClip', 'a number > 0', settings.gradClip);
  if (settings.order !== 1 && settings.order !== 2) fail('order', '1 or 2', settings.order);
  return settings;
};
