import { type ImageShape, imageDecoder } from './decode.js';
import { recognise } from './open-source.js';
import { countLabels, type ImageSet, type LabelledImages } from './source.js';

/** Images of another size or of other channels, brought to a shape as image files are. */
const broughtTo = async (set: ImageSet, shape: ImageShape): Promise<ImageSet> => {
  const { height, width, channels, labels } = set;
  const { imageSize } = shape;
  if (height === imageSize && width === imageSize && channels === shape.channels) return set;
  if (channels !== 1 && channels !== 3)
    throw new Error(`Cannot bring images to ${shape.channels} channels: they must have 1 or 3, they have ${channels}`);
  const decoder = await imageDecoder(shape);
  const [from, to] = [height * width * channels, imageSize ** 2 * shape.channels];
  const images = new Uint8Array(labels.length * to);
  for (const i of labels.keys()) {
    const bytes = set.images.subarray(i * from, (i + 1) * from);
    images.set(await decoder.decode({ bytes, height, width, channels }), i * to);
  }
  return { images, labels, height: imageSize, width: imageSize, channels: shape.channels };
};

/**
 * Opens labelled images to test on, by a name or a path as `openSource` takes them, and converts them to the shape that
 * a network reads. Uses the test part if there is one, else all. Throws when there is no such data.
 */
export const openLabelled = async (spec: string, shape: ImageShape): Promise<LabelledImages> => {
  const { format, open } = await recognise(spec);
  if (format.openLabelled !== undefined) return format.openLabelled(spec, shape);
  const source = await open(format.fixed ? {} : shape);
  const part = source.testLabels.length > 0 ? 'test' : 'train';
  const all = part === 'test' ? source.testLabels : source.trainLabels;
  return {
    from: `the ${part} images of ${source.name}`,
    classes: source.classes,
    counts: countLabels(all, source.classes.length),
    leftOut: [],
    load: async (classes, onProgress) => {
      const indices = Uint32Array.from(all.keys()).filter((i) => classes.includes(all[i] ?? -1));
      const { skipped, ...set } = await source.load(part, indices, onProgress);
      return { set: await broughtTo(set, shape), failures: skipped };
    },
  };
};
