/** The data blocks of a GIF's first frame, joined, and how many pixels they must make. */
const firstFrame = (b: Buffer): { pixels: number; codeSize: number; data: Buffer } | undefined => {
  const table = (flags: number): number => ((flags & 0x80) !== 0 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(b[10] ?? 0);
  while (at < b.length) {
    const kind = b[at];
    const frame = kind === 0x2c && at + 10 <= b.length;
    if (!frame && kind !== 0x21) return undefined;
    const pixels = frame ? b.readUInt16LE(at + 5) * b.readUInt16LE(at + 7) : 0;
    at += frame ? 10 + table(b[at + 9] ?? 0) : 2;
    const codeSize = b[at] ?? 0;
    if (frame) at += 1;
    const blocks: Buffer[] = [];
    for (let n = b[at]; n !== undefined && n !== 0; n = b[at]) {
      blocks.push(b.subarray(at + 1, at + 1 + n));
      at += 1 + n;
    }
    at += 1;
    if (frame) return { pixels, codeSize, data: Buffer.concat(blocks) };
  }
  return undefined;
};

/**
 * Whether the codes of a GIF's first frame are such as its compression (LZW) writes, and make as many pixels as the
 * frame has. The decoder of libvips fills in missing pixels and continues after an impossible code. GIF has no
 * checksum, so no more than this can be found.
 */
export const gifIsSound = (bytes: Uint8Array): boolean => {
  const frame = firstFrame(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (frame === undefined || frame.codeSize < 1 || frame.codeSize > 11) return false;
  const { pixels, codeSize, data } = frame;
  const clear = 2 ** codeSize;
  const lengths = new Uint32Array(4096).fill(1, 0, clear);
  let [width, next, before, made] = [codeSize + 1, clear + 2, 0, 0];
  let [bits, held] = [0, 0];
  for (const byte of data) {
    bits |= byte << held;
    held += 8;
    while (held >= width) {
      const code = bits & (2 ** width - 1);
      bits >>>= width;
      held -= width;
      if (code === clear) [width, next, before] = [codeSize + 1, clear + 2, 0];
      else if (code === clear + 1) return made === pixels;
      else if (made >= pixels || code > next || (code === next && before === 0)) return made === pixels;
      else {
        const length = code < next ? (lengths[code] ?? 0) : before + 1;
        made += length;
        if (before > 0 && next < 4096) {
          lengths[next++] = before + 1;
          if (next === 2 ** width && width < 12) width++;
        }
        before = length;
      }
    }
  }
  return made === pixels;
};
