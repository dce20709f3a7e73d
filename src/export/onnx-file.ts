import { requireKnown } from '../label/index.js';
import type { OpenModel } from '../session/index.js';
import { cat, scope, type Tensor } from '../tensor/index.js';
import { deviation, normalise, requireClose } from './check.js';
import { onnxEvaluator } from './evaluate.js';
import { type Exportable, metadataOf, withExportable } from './network.js';
import { OPSET } from './onnx-model.js';
import { readOnnx } from './onnx-read.js';
import { toOnnxBytes } from './onnx-write.js';
import { placeFile, requireFree } from './place.js';
import { toOnnx } from './to-onnx.js';

/** The bytes of a checked ONNX file. */
export interface OnnxBytes {
  readonly bytes: Uint8Array;
  /** The largest difference of its logits from libtorch's, as a share of the largest logit. */
  readonly deviation: number;
}

/** What an ONNX file is to be like. */
export interface OnnxForm {
  readonly input: string;
  readonly output: string;
  /** Whether it takes pixels in 0…1, or images that were normalised before. */
  readonly normalises: boolean;
  /** Whether it takes three channels where the network has one, and makes them grey. */
  readonly rgb?: boolean;
}

/** Takes plain pixels: normalising them is what is most often forgotten. */
const PLAIN: OnnxForm = { input: 'images', output: 'logits', normalises: true };

/** Writes a network as ONNX, reads the bytes again, and compares what they answer with the run's own network. */
export const onnxBytes = (network: Exportable, form: OnnxForm = PLAIN): OnnxBytes => {
  const { open: model, preparation, weights, title, version } = network;
  const { imageSize, channels } = preparation;
  const { input, output, normalises, rgb } = form;
  const bytes = toOnnxBytes(
    toOnnx({
      answer: (images) => {
        const [answer] = model.model.answers(images, { training: false, knobs: model.knobs }, [model.at]);
        if (answer === undefined) throw new Error('Cannot export run: its network gives no answer');
        return answer.logits;
      },
      ...{ channels, imageSize, weights, rgb, input, output, name: title },
      normalise: normalises ? preparation : undefined,
      producer: { name: 'tailnas', version },
      metadata: metadataOf(network),
    }),
  );
  const evaluator = onnxEvaluator(readOnnx(bytes));
  try {
    const answer = (pixels: Tensor): Tensor =>
      scope(() => {
        const coloured = rgb ? cat([pixels, pixels, pixels], { dim: 1 }) : pixels;
        return evaluator.run(normalises ? coloured : normalise(coloured, preparation));
      });
    const difference = deviation(network, answer);
    requireClose('to ONNX', difference);
    return { bytes, deviation: difference };
  } finally {
    evaluator.dispose();
  }
};

/** An ONNX file that was written. */
export interface OnnxExport {
  readonly file: string;
  readonly bytes: number;
  readonly opset: number;
  /** Name and shape; the size of the batch is free. */
  readonly input: { readonly name: string; readonly shape: readonly (number | string)[] };
  readonly output: { readonly name: string; readonly shape: readonly (number | string)[] };
  /** The largest difference of its logits from libtorch's on 64 images, as a share of the largest logit. */
  readonly deviation: number;
}

/** Writes the file of a network that is open already. */
export const placeOnnx = (network: Exportable, file: string): OnnxExport => {
  const { bytes, deviation: difference } = onnxBytes(network);
  placeFile(file, bytes);
  const { channels, imageSize } = network.preparation;
  return {
    file,
    bytes: bytes.byteLength,
    opset: OPSET,
    input: { name: PLAIN.input, shape: ['batch', channels, imageSize, imageSize] },
    output: { name: PLAIN.output, shape: ['batch', network.open.classes.length] },
    deviation: difference,
  };
};

/**
 * Writes the network of a trained run as an ONNX file (opset 17), for ONNX Runtime and whatever else reads ONNX. Its
 * input is `images`, RGB or grey pixels in 0…1 of shape [batch, channels, size, size]: it normalises them itself. Its
 * output is `logits`, [batch, classes]; the names of the classes are in its metadata. It is compared with libtorch
 * before it is in place. Throws on a run that is only searched, on a file that exists, and where the two differ.
 *
 * ```ts
 * import { exportOnnx } from 'tailnas';
 *
 * const { bytes, deviation } = exportOnnx('runs/train-darts-v2', 'model.onnx');
 * console.log(`${bytes} bytes, within ${deviation} of libtorch`);
 * ```
 */
export const exportOnnx = (
  run: string | OpenModel,
  file: string,
  options: { license?: string | undefined } = {},
): OnnxExport => {
  requireKnown(options, { names: { license: true }, action: 'export' });
  requireFree(file);
  return withExportable(run, (network) => placeOnnx(network, file), options);
};
