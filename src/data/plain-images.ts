import type { RawImage } from './decode.js';
import type { ImageSides } from './image-head.js';
import { FileProblem } from './reasons.js';

/** An image format simple enough to be read here: how large it is, and its pixels. Both throw on what is damaged. */
interface PlainFormat {
  sides(bytes: Buffer): ImageSides;
  pixels(bytes: Buffer): RawImage;
}

export const CUT_SHORT = 'it is cut short: the end of the image is missing; copy or download it again';
const DAMAGED = 'it is damaged: its header contradicts itself; copy or download it again';

const requireBytes = (bytes: Buffer, n: number): void => {
  if (bytes.length < n) throw new FileProblem(CUT_SHORT);
};

interface BmpHeader extends ImageSides {
  readonly upsideDown: boolean;
  readonly bits: number;
  readonly palette: number;
  readonly colours: number;
  readonly entry: number;
  readonly offset: number;
}

const bmpHeader = (b: Buffer): BmpHeader => {
  requireBytes(b, 30);
  const header = b.readUInt32LE(14);
  const old = header === 12;
  requireBytes(b, 14 + header);
  const width = old ? b.readUInt16LE(18) : b.readInt32LE(18);
  const height = old ? b.readUInt16LE(20) : b.readInt32LE(22);
  const bits = b.readUInt16LE(old ? 24 : 28);
  const compression = old ? 0 : b.readUInt32LE(30);
  const masked = compression === 3 && bits === 32 && header >= 40;
  if (compression !== 0 && !masked)
    throw new FileProblem(
      'it is a compressed BMP, which cannot be read; convert it to PNG (magick photo.bmp photo.png)',
    );
  if (![1, 4, 8, 24, 32].includes(bits))
    throw new FileProblem(`it is a BMP of ${bits} bits per pixel, which cannot be read; convert it to PNG`);
  // Bit fields in any other order than blue, green, red are rare.
  if (masked && (b.length < 66 || b.readUInt32LE(54) !== 0xff0000 || b.readUInt32LE(62) !== 0xff))
    throw new FileProblem('it is a BMP with colours in an unusual order; convert it to PNG');
  const sides = { width, height: Math.abs(height) };
  if (width <= 0 || height === 0) throw new FileProblem(DAMAGED);
  const said = old ? 0 : b.readUInt32LE(46);
  const colours = bits > 8 ? 0 : said || 2 ** bits;
  const rest = { palette: 14 + header, colours, entry: old ? 3 : 4, offset: b.readUInt32LE(10) };
  if (colours > 256) throw new FileProblem(DAMAGED);
  return { ...sides, upsideDown: height > 0, bits, ...rest };
};

/** Windows' bitmaps without compression: 1, 4 or 8 bits with a palette, 24, and 32 whose alpha is not used. */
const bmp: PlainFormat = {
  sides: (b) => bmpHeader(b),
  pixels: (b) => {
    const { width, height, upsideDown, bits, palette, colours, entry, offset } = bmpHeader(b);
    const stride = 4 * Math.ceil((width * bits) / 32);
    requireBytes(b, offset + stride * height);
    requireBytes(b, palette + colours * entry);
    const bytes = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      const row = offset + stride * (upsideDown ? height - 1 - y : y);
      for (let x = 0; x < width; x++) {
        let at = row + (x * bits) / 8;
        if (bits <= 8) {
          const perByte = 8 / bits;
          const shift = 8 - bits * (1 + (x % perByte));
          const index = ((b[row + Math.floor(x / perByte)] ?? 0) >> shift) & (2 ** bits - 1);
          if (index >= colours) throw new FileProblem(DAMAGED);
          at = palette + index * entry;
        }
        const to = 3 * (y * width + x);
        bytes[to] = b[at + 2] ?? 0;
        bytes[to + 1] = b[at + 1] ?? 0;
        bytes[to + 2] = b[at] ?? 0;
      }
    }
    return { bytes, width, height, channels: 3 };
  },
};

interface PnmHeader extends ImageSides {
  readonly kind: number;
  readonly most: number;
  readonly from: number;
}

const pnmHeader = (b: Buffer): PnmHeader => {
  const kind = (b[1] ?? 0) - 48;
  if (kind === 7) throw new FileProblem('PAM files cannot be read; convert it to PNG (magick photo.pam photo.png)');
  const text = b.toString('latin1', 2, 4096);
  const token = /(?:\s|#[^\n]*\n)*(\d{1,10})/y;
  const next = (): number => {
    const found = token.exec(text);
    if (found === null) throw new FileProblem(b.length < 16 ? CUT_SHORT : DAMAGED);
    return Number(found[1]);
  };
  const [width, height] = [next(), next()];
  const most = kind === 1 || kind === 4 ? 1 : next();
  if (width < 1 || height < 1 || most < 1 || most > 65_535) throw new FileProblem(DAMAGED);
  return { width, height, kind, most, from: 2 + token.lastIndex };
};

/** Netpbm's P1 to P6: bits, grey and colour, as text or as bytes. White is the largest value that a file declares. */
const pnm: PlainFormat = {
  sides: (b) => pnmHeader(b),
  pixels: (b) => {
    const { width, height, kind, most, from } = pnmHeader(b);
    const channels = kind === 3 || kind === 6 ? 3 : 1;
    const n = width * height * channels;
    const bytes = new Uint8Array(n);
    const scaled = (value: number): number => {
      if (value > most) throw new FileProblem(DAMAGED);
      return most === 255 ? value : Math.round((255 * value) / most);
    };
    if (kind <= 3) {
      // Bits may follow each other without spaces.
      const words =
        b
          .toString('latin1', from)
          .replace(/#[^\n]*/g, '')
          .match(kind === 1 ? /[01]/g : /\d+/g) ?? [];
      if (words.length < n) throw new FileProblem(CUT_SHORT);
      for (let i = 0; i < n; i++) bytes[i] = kind === 1 ? 255 * (1 - Number(words[i])) : scaled(Number(words[i]));
    } else if (kind === 4) {
      const stride = Math.ceil(width / 8);
      requireBytes(b, from + 1 + stride * height);
      for (let i = 0; i < n; i++) {
        const x = i % width;
        const byte = b[from + 1 + stride * Math.floor(i / width) + (x >> 3)] ?? 0;
        bytes[i] = (byte >> (7 - (x & 7))) & 1 ? 0 : 255;
      }
    } else {
      const size = most > 255 ? 2 : 1;
      requireBytes(b, from + 1 + n * size);
      for (let i = 0; i < n; i++)
        bytes[i] = scaled(size === 2 ? b.readUInt16BE(from + 1 + 2 * i) : (b[from + 1 + i] ?? 0));
    }
    return { bytes, width, height, channels };
  },
};

/** The formats that are read here, and not by libvips. */
export const plainFormats: Readonly<Partial<Record<string, PlainFormat>>> = { bmp, pnm };
