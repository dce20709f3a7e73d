import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { cellSvg } from './cells.js';
import { svgToPng } from './png.js';

const square = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40" font-family="Arimo, Arial">${content}</svg>`;
const pixels = async (png: Uint8Array) =>
  sharp(png).removeAlpha().greyscale().raw().toBuffer({ resolveWithObject: true });
const dark = async (png: Uint8Array) => (await pixels(png)).data.filter((value) => value < 128).length;

describe('svgToPng', () => {
  it('doubles the size', async () => {
    expect((await pixels(svgToPng(square('')))).info).toMatchObject({ width: 120, height: 80 });
  });

  it('is white where nothing is drawn', async () => {
    const { data } = await pixels(svgToPng(square('')));
    expect(data.every((value) => value === 255)).toBe(true);
  });

  it('has both weights of its own font', async () => {
    const regular = await dark(svgToPng(square('<text x="5" y="30" font-size="20">HHH</text>')));
    const bold = await dark(svgToPng(square('<text x="5" y="30" font-size="20" font-weight="bold">HHH</text>')));
    expect(regular).toBeGreaterThan(200);
    expect(bold).toBeGreaterThan(regular * 1.2);
  });

  it('cuts nothing of a cell off, however long its title', async () => {
    const cell = { nodes: [[{ op: 'skip_connect', from: 0 }]], concat: [2] };
    const { data, info } = await pixels(
      svgToPng(await cellSvg(cell, { title: 'The normal cell of the backbone '.repeat(3) })),
    );
    const { width, height } = info;
    const border = data.filter(
      (_, at) => at < width || at >= width * (height - 1) || at % width === 0 || at % width === width - 1,
    );
    expect(border).toHaveLength(2 * (width + height) - 4);
    expect(border.every((value) => value === 255)).toBe(true);
  });
});
