import { imageReader } from './image-reader.js';

/**
 * An image file as a small PNG, cut to the square as a network sees it, for people to look at. Throws on what cannot be
 * read.
 */
export const thumbnail = async (file: string, { size }: { size: number }): Promise<Uint8Array> => {
  const { default: sharp } = await import('sharp');
  const reader = await imageReader({ imageSize: size, channels: 3 });
  const image = await reader.read(file);
  if ('reason' in image) throw new Error(`Cannot show ${file}: ${image.reason}`);
  return sharp(image.pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
};
