import { type Exportable, requireCover } from './network.js';
import { type OnnxForm, onnxBytes } from './onnx-file.js';
import { type Content, placeFolder, sizeOf } from './place.js';

/** A folder that was written. */
export interface FolderExport {
  readonly folder: string;
  readonly files: readonly string[];
  readonly bytes: number;
  /** The largest difference of its network's logits from libtorch's, as a share of the largest logit. */
  readonly deviation: number;
}

/** The files of a folder, written together. */
export const placed = (
  folder: string,
  { files, deviation }: { files: ReadonlyMap<string, Content>; deviation: number },
): FolderExport => {
  placeFolder(folder, files);
  const bytes = [...files.values()].reduce((sum, content) => sum + sizeOf(content), 0);
  return { folder, files: [...files.keys()], bytes, deviation };
};

/** Pillow's number of Lanczos, which is what libvips makes images smaller with. */
const LANCZOS = 1;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The folder that `pipeline('image-classification', …)` of transformers.js opens: there the preprocessor scales, cuts
 * and normalises images. It always gives three channels: the graph of a network for grey images makes them one.
 */
export const placeTransformers = (network: Exportable, folder: string): FolderExport => {
  requireCover(network, 'for transformers.js');
  const { preparation, open: model, info } = network;
  const { imageSize, channels, mean, std } = preparation;
  const grey = channels === 1;
  const form: OnnxForm = { input: 'pixel_values', output: 'logits', normalises: grey, rgb: grey };
  const { bytes, deviation } = onnxBytes(network, form);
  const config = {
    architectures: ['ResNetForImageClassification'],
    model_type: 'resnet', // the plainest image classifier that transformers.js has: it runs the file as it is
    num_channels: 3,
    id2label: Object.fromEntries(model.classes.entries()),
    label2id: Object.fromEntries(model.classes.map((name, c) => [name, c])),
    problem_type: 'single_label_classification',
    'transformers.js_config': { dtype: 'fp32' }, // else it looks for quantised weights
    tailnas: { version: network.version, network: info.experiment.label, weights_sha256: network.fingerprint },
  };
  const size = { height: imageSize, width: imageSize };
  const preprocessor = {
    image_processor_type: 'ViTImageProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: imageSize },
    resample: LANCZOS,
    do_center_crop: true,
    crop_size: size,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: !grey,
    ...(grey ? {} : { image_mean: mean, image_std: std }),
  };
  const files = new Map<string, Content>([
    ['config.json', json(config)],
    ['preprocessor_config.json', json(preprocessor)],
    ['onnx/model.onnx', bytes],
  ]);
  return placed(folder, { files, deviation });
};
