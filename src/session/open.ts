import { batchToTensors } from '../augment/index.js';
import { normalised } from '../loop/index.js';
import type { Model } from '../net/index.js';
import type { Knobs } from '../nn/index.js';
import { type Evaluation, openRun, type RunInfo } from '../run/index.js';
import { noGrad, scope, type Tensor } from '../tensor/index.js';
import { restoreNetwork } from './network.js';

/** A run's network, ready to answer images. It needs the run folder alone. */
export interface OpenModel extends Disposable {
  /** The run folder. */
  readonly run: string;
  readonly info: RunInfo;
  readonly classes: readonly string[];
  /** The run's result on its test images; none while it is under way. */
  readonly evaluation: Evaluation | undefined;
  /** What the network is asked at: the test-time mixing that was chosen on validation images, or nothing. */
  readonly at: Knobs;
  /** The schedules' values that it was trained with last, such as a temperature: some supernets depend on them. */
  readonly knobs: Knobs;
  /**
   * The class prior that the logits assume; log prior differences added to them make them fit another. Undefined where
   * it is not known: after cmo, remix, τ-normalisation, and losses that do not say it, such as ldam or focal.
   */
  readonly assumes: readonly number[] | undefined;
  /** The network itself: it answers normalised images, and its weights have names. `dispose` releases it. */
  readonly model: Model;
  /**
   * Logits of images. images: bytes [n, imageSize, imageSize, channels], as `info.data` has the sizes → [n, classes];
   * the caller releases it. Throws a RangeError on bytes that are no whole number of images.
   */
  logits(images: Uint8Array): Tensor;
  dispose(): void;
}

/**
 * Opens the network of a run as its newest checkpoint has it, without the data that it was trained on. `device` is the
 * CPU unless said. Throws when the run has no checkpoint, when its run.json does not say how images are prepared
 * (format 1), and when the checkpoint is of another network.
 */
export const open = (run: string, { device = 'cpu' }: { device?: string } = {}): OpenModel => {
  const folder = openRun(run);
  const { info } = folder;
  const { classes, counts } = info.data;
  const { learner, at, knobs, images: format } = restoreNetwork(folder, { device });
  const { model } = learner;
  const assumed = learner.assumes === undefined ? counts.train : learner.assumes(at, knobs);
  const { imageSize, channels, mean, std } = format;
  const toTensors = batchToTensors({ height: imageSize, width: imageSize, channels, mean, std }, model.store);
  const size = imageSize ** 2 * channels;
  return {
    run,
    info,
    classes,
    evaluation: folder.readEvaluation(),
    at,
    knobs,
    assumes: assumed && normalised(assumed),
    model,
    logits: (images) => {
      if (!(images instanceof Uint8Array))
        throw new TypeError(
          'Cannot answer images: they must be a Uint8Array of pixels from 0 to 255, ' +
            `got ${Object.prototype.toString.call(images).slice(8, -1)}; loadImages gives such bytes`,
        );
      if (images.length === 0 || images.length % size !== 0)
        throw new RangeError(
          'Cannot answer images: their bytes must be a multiple of ' +
            `${size} (${imageSize}×${imageSize}×${channels}), got ${images.length}`,
        );
      return scope(() =>
        noGrad(() => {
          const batch = toTensors({ images, labels: new Int32Array(images.length / size) });
          const [answer] = model.answers(batch.images, { training: false, knobs }, [at]);
          if (answer === undefined) throw new Error('Cannot answer images: the network gave no answer');
          return answer.logits;
        }),
      );
    },
    dispose: learner.dispose,
    [Symbol.dispose]: learner.dispose,
  };
};
