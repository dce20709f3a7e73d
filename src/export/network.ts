import { createHash } from 'node:crypto';
import { AUXILIARY } from '../net/index.js';
import { type Evaluation, openRun, type RunInfo } from '../run/index.js';
import { type OpenModel, open, requireTrained, tailnasVersion } from '../session/index.js';
import { type Tensor, toSafetensors } from '../tensor/index.js';

/** How images become what a network takes: bytes over 255, less `mean`, over `std`. */
export interface Preparation {
  readonly imageSize: number;
  readonly channels: 1 | 3;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** How an image of another shape is brought to the size. */
  readonly fit: string;
}

/** A network of a run that can be exported, and what is said of it in every file. */
export interface Exportable {
  readonly open: OpenModel;
  readonly info: RunInfo;
  /** What it is called: `darts-v2 on cifar10`. */
  readonly title: string;
  readonly evaluation: Evaluation | undefined;
  readonly preparation: Preparation;
  /** Weights and buffers by name, without those of an auxiliary head, which only helps to train. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** SHA-256 of the weights, in hex. */
  readonly fingerprint: string;
  readonly version: string;
  /** Of the weights, where the user has said it. */
  readonly license: string | undefined;
}

const weightsOf = ({ model: { store } }: OpenModel): ReadonlyMap<string, Tensor> => {
  const own = store.parameters.filter(({ component }) => component !== AUXILIARY);
  const buffers = [...store.buffers].filter(([name]) => !name.startsWith(`${AUXILIARY}.`));
  return new Map([...own.map(({ name, value }): [string, Tensor] => [name, value]), ...buffers]);
};

const hashOf = (weights: ReadonlyMap<string, Tensor>): string => {
  const hash = createHash('sha256');
  for (const piece of toSafetensors(Object.fromEntries(weights))) hash.update(piece);
  return hash.digest('hex');
};

const channelsOf = (channels: number | null): 1 | 3 => {
  if (channels === 1 || channels === 3) return channels;
  throw new Error(`Cannot export run: images must have 1 channel or 3, got ${channels}; write your own reader of them`);
};

/**
 * Calls `use` with what a run can be exported as; a model that is opened for it is closed again. Throws on a run that
 * is only searched, has no checkpoint, or is of format 1, with what to do.
 */
export const withExportable = <T>(
  run: string | OpenModel,
  use: (network: Exportable) => T,
  { license }: { license?: string | undefined } = {},
): T => {
  const folder = typeof run === 'string' ? openRun(run) : undefined;
  const action = 'Cannot export';
  if (folder !== undefined) requireTrained(folder.path, { action, info: folder.info });
  const model = typeof run === 'string' ? open(run) : run;
  try {
    const { info, evaluation } = model;
    requireTrained(model.run, { action, info });
    const { imageSize, channels, mean, std, fit, name } = info.data;
    if (imageSize === null || mean === null || std === null)
      throw new Error('Cannot export run: its run.json must say how images are prepared; train it again');
    const weights = weightsOf(model);
    return use({
      open: model,
      info,
      title: `${info.experiment.label} on ${name}`,
      evaluation,
      preparation: { imageSize, channels: channelsOf(channels), mean, std, fit: fit ?? 'cover' },
      weights,
      fingerprint: hashOf(weights),
      version: tailnasVersion(),
      license,
    });
  } finally {
    if (typeof run === 'string') model.dispose();
  }
};

/** What files say of a network in addition to their numbers: texts by name. */
export const metadataOf = (network: Exportable): Record<string, string> => {
  const { info, open: model, preparation, fingerprint, version, license } = network;
  const { imageSize, channels, mean, std, fit } = preparation;
  return {
    title: network.title,
    classes: JSON.stringify(model.classes),
    tailnas: version,
    data_fingerprint: info.data.fingerprint,
    weights_sha256: fingerprint,
    image_size: String(imageSize),
    channels: String(channels),
    mean: JSON.stringify(mean),
    std: JSON.stringify(std),
    fit,
    ...(model.assumes === undefined ? {} : { assumed_prior: JSON.stringify(model.assumes) }),
    ...(Object.keys(model.at).length === 0 ? {} : { at: JSON.stringify(model.at) }),
    ...(license === undefined ? {} : { license }),
  };
};

/** Throws unless images are resized as `what` does it: by cutting out the middle. */
export const requireCover = ({ preparation: { fit } }: Pick<Exportable, 'preparation'>, what: string): void => {
  if (fit !== 'cover')
    throw new Error(
      `Cannot export ${what}: images must have been resized by "cover", which is all that it does, the ` +
        `training had --fit ${fit}; export --onnx, and prepare the images as the model card (--card) says`,
    );
};
