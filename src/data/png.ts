import type { ImageBytes } from './stream.js';

/** An image in memory as PNG, for people to look at. */
export const encodePng = async ({ bytes, height, width, channels }: ImageBytes): Promise<Uint8Array> => {
  const { default: sharp } = await import('sharp');
  return sharp(bytes, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
};
