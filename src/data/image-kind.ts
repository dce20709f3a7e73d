/** What a file is, by its first bytes: an image of some format, or something else in words (`a web page`). */
export type FileKind = { readonly format: ImageFormat } | { readonly what: string };

/** Image formats by their first bytes. */
export type ImageFormat =
  | 'png'
  | 'jpeg'
  | 'gif'
  | 'webp'
  | 'tiff'
  | 'avif'
  | 'svg'
  | 'bmp'
  | 'pnm'
  | 'heic'
  | 'jxl'
  | 'jp2'
  | 'ico'
  | 'psd'
  | 'exr'
  | 'hdr'
  | 'dicom';

/** So many first bytes tell what a file is. */
export const HEAD_BYTES = 512;

/** A test of a file's first bytes, as latin-1. */
type Mark = (head: string) => boolean;

const begins =
  (...texts: readonly string[]): Mark =>
  (head) =>
    texts.some((text) => head.startsWith(text));
const at =
  (place: number, text: string): Mark =>
  (head) =>
    head.startsWith(text, place);
const like =
  (pattern: RegExp): Mark =>
  (head) =>
    pattern.test(head);

/** The brands of a HEIF file: HEIC, AVIF and their sequences have the same container. */
const brands = (head: string): string => (head.startsWith('ftyp', 4) ? head.slice(8, head.charCodeAt(3)) : '');

const IMAGES: readonly [ImageFormat, Mark][] = [
  ['png', begins('\x89PNG\r\n\x1a\n')],
  ['jpeg', begins('\xff\xd8\xff')],
  ['gif', begins('GIF87a', 'GIF89a')],
  ['webp', (head) => head.startsWith('RIFF') && head.startsWith('WEBP', 8)],
  ['tiff', begins('II*\0', 'MM\0*', 'II+\0', 'MM\0+')],
  ['avif', (head) => /avi[fs]/.test(brands(head))],
  ['heic', (head) => /^(hei[cxmsf]|hev[cxms]|mif1|msf1)/.test(brands(head))],
  ['jxl', begins('\xff\n', '\0\0\0\fJXL ')],
  ['jp2', begins('\0\0\0\fjP  ')],
  ['bmp', (head) => head.startsWith('BM') && head.startsWith('\0\0\0\0', 6) && head.startsWith('\0\0\0', 15)],
  ['pnm', like(/^P[1-7][\s#]/)],
  ['ico', begins('\0\0\x01\0', '\0\0\x02\0')],
  ['psd', begins('8BPS')],
  ['exr', begins('v/1\x01')],
  ['hdr', begins('#?RADIANCE', '#?RGBE')],
  ['dicom', at(128, 'DICM')],
  ['svg', like(/^(\xef\xbb\xbf)?\s*(<\?xml[\s\S]*?)?(<!--[\s\S]*?-->\s*)*(<!DOCTYPE svg[\s\S]*?)?<svg[\s>]/i)],
];

const OTHERS: readonly [what: string, Mark][] = [
  ['a pointer of Git LFS, not the file itself (git lfs pull fetches it)', begins('version https://git-lfs')],
  ['a web page, such as a download that failed leaves', like(/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)/i)],
  ['an archive', begins('PK\x03\x04', 'PK\x05\x06', '\x1f\x8b', 'Rar!', '7z\xbc\xaf', 'BZh', '\xfd7zXZ')],
  ['an archive', at(257, 'ustar')],
  ['a document', begins('%PDF', '%!PS', '{\\rtf')],
  ['a system file', begins('\xd0\xcf\x11\xe0', '\0\x05\x16\x07', '\0\x05\x16\0', '\0\0\0\x01Bud1')],
  ['a numpy array', begins('\x93NUMPY')],
  ['sound or film', begins('ID3', 'OggS', '\x1aE\xdf\xa3')],
  ['sound or film', like(/^(RIFF[\s\S]{4}(WAVE|AVI )|[\s\S]{4}ftyp)/)],
];

/** Characters of texts in any encoding: none that steers a machine. */
const isText = (head: string): boolean =>
  [...head].every((c) => (c >= ' ' ? c !== '\x7f' : c === '\n' || c === '\r' || c === '\t'));

const ofName = (name: string): string | undefined => {
  if (/^(thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r?)$/i.test(name)) return 'a system file';
  if (/\.(csv|tsv|xlsx?|ods|parquet)$/i.test(name)) return 'a table';
  return undefined;
};

/** Tells what a file is from its first bytes; its name only says more of text and of what has no mark of its own. */
export const fileKind = (head: Uint8Array, name = ''): FileKind => {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, HEAD_BYTES)).toString('latin1');
  const image = IMAGES.find(([, mark]) => mark(text));
  if (image !== undefined) return { format: image[0] };
  const named = ofName(name);
  if (named !== undefined) return { what: named };
  const other = OTHERS.find(([, mark]) => mark(text));
  if (other !== undefined) return { what: other[0] };
  if (text === '') return { what: 'an empty file' };
  return { what: isText(text) ? 'text' : 'other data' };
};

/** Formats that people have and nothing here decodes, with a way to convert them. */
const UNREAD: Readonly<Partial<Record<ImageFormat, string>>> = {
  heic: 'HEIC',
  jxl: 'JPEG XL',
  jp2: 'JPEG 2000',
  ico: 'ICO',
  psd: 'Photoshop',
  exr: 'OpenEXR',
  hdr: 'Radiance HDR',
  dicom: 'DICOM',
};

/** Why a format is not read, and the way out; nothing for those that are. */
export const unreadReason = (format: ImageFormat): string | undefined => {
  const name = UNREAD[format];
  if (name === undefined) return undefined;
  const tool = format === 'heic' ? 'heif-convert photo.heic photo.png' : `magick photo.${format} photo.png`;
  return `${name} files cannot be read; convert it to PNG or JPEG (${tool})`;
};
