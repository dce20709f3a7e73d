import { grouped, percent, plural } from '../measure/index.js';
import type { RunPictures } from '../run/index.js';
import { type Drawing, figure, type Row } from './canvas.js';
import { svgToPng } from './png.js';

/** Pictures below this many pixels are enlarged with their pixels as they are: smoothing would show a blur. */
export const SMALL = 96;

/** `97 %`; what rounds to all or nothing without being it is said exactly. */
export const shortShare = (share: number): string => {
  const whole = Math.round(100 * share);
  return whole === 0 || whole === 100 ? percent(share) : `${whole} %`;
};

/** `cat`; of a mixed image `70 % cat` and `30 % dog`, a line each. */
export const labelLines = (classes: RunPictures['seen'][number]['classes']): string[] =>
  classes.map(({ name, share }) => (classes.length === 1 ? name : `${shortShare(share)} ${name}`));

/** What is said of training images after augmentation. */
export const seenText = ({ seen, augment }: Pick<RunPictures, 'seen' | 'augment'>): string =>
  `${plural(seen.length, 'training image')} as the network got them: ` +
  `${augment === 'none' ? 'unchanged' : `after ${augment}`}. Every class is as likely here as any other, so ` +
  'that small ones are seen; the smallest comes first.';

/** What is said of mistakes. */
export const mistakenText =
  'The most confident mistakes on the test images, the smallest class first. Bold: what the network answered, and ' +
  'how sure it was; below: what it was, and the probability that it gave to that.';

/** `cat: 12 of 40 test images mistaken, 9 training images` */
export const mistakenHeading = ({
  name,
  mistaken,
  testImages,
  trainImages,
}: Omit<RunPictures['mistakes'][number], 'shown'>): string =>
  `${name}: ${grouped(mistaken)} of ${plural(testImages, 'test image')} mistaken, ` +
  `${plural(trainImages, 'training image')}`;

/** Characters that no XML may have. */
const CONTROL = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;
/** Scripts that the font of the package has. */
const OTHER_SCRIPT = /[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{P}\p{N}\p{Zs}\p{S}\p{M}]/u;

const fromBase64 = (text: string): Uint8Array => Buffer.from(text, 'base64');
const written = (text: string): string => text.replace(CONTROL, '\ufffd');

/** Lines below a tile. The last one is empty: of that a tile keeps the end, which is for the names of files. */
const linesOf = (texts: readonly string[]): string[] => [...texts.map(written), ''];

const toPng = (drawing: Drawing, { small, words }: { small: boolean; words: string }): Uint8Array => {
  const { captioned } = figure('pictures', drawing);
  const svg = small ? captioned.replaceAll('<image ', '<image image-rendering="optimizeSpeed" ') : captioned;
  return svgToPng(svg, { systemFonts: OTHER_SCRIPT.test(words) });
};

/** The pictures of a run as files to look at, by name: `augmented.png`, and `mistakes.png` where there are mistakes. */
export const drawPictures = (pictures: RunPictures): Readonly<Record<string, Uint8Array>> => {
  const { seen, mistakes, imageSize } = pictures;
  const names = [...seen.flatMap(({ classes }) => classes), ...mistakes].map(({ name }) => name);
  const how = { small: imageSize < SMALL, words: names.map(written).join('') };
  const tiles = seen.map(({ png, classes }) => ({ png: fromBase64(png), lines: linesOf(labelLines(classes)) }));
  const rows = mistakes.flatMap((of): Row[] => [
    { heading: written(mistakenHeading(of)) },
    {
      tiles: of.shown.map(({ png, answer, probability, ofTruth }) => ({
        png: fromBase64(png),
        lines: linesOf([`${shortShare(probability)} ${answer}`, `${shortShare(ofTruth)} ${of.name}`]),
      })),
    },
  ]);
  const augmented = toPng({ title: 'What the network saw', caption: seenText(pictures), rows: [{ tiles }] }, how);
  if (rows.length === 0) return { 'augmented.png': augmented };
  const mistaken = toPng({ title: 'What the network got wrong', caption: mistakenText, rows }, how);
  return { 'augmented.png': augmented, 'mistakes.png': mistaken };
};
