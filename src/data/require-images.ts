import type { ImageSet, Part } from './source.js';

/** Images that are looked at for their layout: spread over the set. */
const LOOKED_AT = 64;

/** The correlation of bytes with those `offset` later, of one image. 0 where nothing varies. */
const correlation = (image: Uint8Array, offset: number): number => {
  const n = image.length - offset;
  let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [image[i] ?? 0, image[i + offset] ?? 0];
    a += x;
    b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const [va, vb] = [n * aa - a * a, n * bb - b * b];
  return va <= 0 || vb <= 0 ? 0 : (n * ab - a * b) / Math.sqrt(va * vb);
};

/**
 * Whether an image has the layout [channels, height, width]. In that layout a byte is similar to the one a plane later,
 * which is the same pixel in another colour, and less similar to the neighbours of that one. In the layout [height,
 * width, channels] a plane later is just another row, no more similar than its neighbours.
 */
const looksPlanar = ({ images, labels, height, width, channels }: ImageSet): boolean => {
  const plane = height * width;
  const size = plane * channels;
  const count = Math.min(LOOKED_AT, labels.length);
  if (channels === 1 || count === 0 || height < 8) return false; // too few bytes to tell
  let peak = 0;
  for (let i = 0; i < count; i++) {
    const start = Math.floor((i * labels.length) / count) * size;
    const image = images.subarray(start, start + size);
    const beside = [0.75, 0.875, 1.125, 1.25].map((share) => correlation(image, Math.round(share * plane)));
    peak += correlation(image, plane) - Math.max(...beside);
  }
  // On photographs about −0.3 where they lie as they should, and 0.5 where they do not.
  return peak / count > 0.2;
};

/** Makes sure that images in memory are what is learnt from. Throws a RangeError or a TypeError that says the rule. */
export const requireImages = (
  set: ImageSet,
  { part, first, classes }: { part: Part; first: ImageSet; classes: number },
): void => {
  const { images, labels, height, width, channels } = set;
  const fail = (rule: string, got: string, remedy: string): string =>
    `Cannot take data: ${rule}, got ${got} to ${part}; ${remedy}`;
  const refuse = (...words: Parameters<typeof fail>): never => {
    throw new RangeError(fail(...words));
  };
  const arrays = [
    ['images', images, Uint8Array, 'pixels from 0 to 255 as a Uint8Array, [n, height, width, channels]'],
    ['labels', labels, Uint16Array, 'indices of classes as a Uint16Array, [n]'],
  ] as const;
  for (const [name, value, kind, rule] of arrays)
    if (!(value instanceof kind)) {
      const got = Object.prototype.toString.call(value).slice('[object '.length, -1);
      throw new TypeError(fail(`${name} must be ${rule}`, got, 'convert them'));
    }
  if (channels !== 1 && channels !== 3) refuse('images must have 1 or 3 channels', `${channels}`, 'convert them');
  if (height !== width || height !== first.height || channels !== first.channels)
    refuse(
      'images must be square, and of one size and as many channels to train and to test',
      `${height}x${width}x${channels}`,
      'scale them first',
    );
  const bytes = labels.length * height * width * channels;
  if (images.length !== bytes)
    refuse(
      `${labels.length} labels need ${bytes} bytes of ${height}x${width}x${channels}`,
      `${images.length}`,
      'give every image one label',
    );
  const alien = labels.find((label) => label >= classes);
  if (alien !== undefined) refuse(`labels must be below ${classes}, one per class`, `${alien}`, 'name all classes');
  if (looksPlanar(set))
    refuse(
      'the channels of a pixel must lie side by side, [n, height, width, channels]',
      'what looks like whole planes, [n, channels, height, width],',
      'transpose them',
    );
};
