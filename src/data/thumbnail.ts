import { imageDecoder } from './decode.js';

/** An image file as a small PNG, cut to the square as a network sees it, for people to look at. */
export const thumbnail = async (file: string, { size }: { size: number }): Promise<Uint8Array> => {
  const { default: sharp } = await import('sharp');
  const decoder = await imageDecoder({ imageSize: size, channels: 3 });
  return sharp(await decoder.decode(file), { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
};
