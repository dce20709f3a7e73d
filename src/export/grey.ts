import type { GraphBuilder } from './graph.js';

/** Shares of red, green and blue in linear light (ITU-R BT.709). */
const SHARES = [0.2126, 0.7152, 0.0722];

/** One channel of three as libvips makes it: sRGB to linear light, the weighted sum, and back (IEC 61966-2-1). */
export const greyOf = (graph: GraphBuilder, rgb: string): string => {
  const { node, floats } = graph;
  const number = (value: number): string => floats([value], []);
  const toLinear = node('Where', [
    node('LessOrEqual', [rgb, number(0.04045)]),
    node('Div', [rgb, number(12.92)]),
    node('Pow', [node('Div', [node('Add', [rgb, number(0.055)]), number(1.055)]), number(2.4)]),
  ]);
  const light = node('Conv', [toLinear, floats(SHARES, [1, 3, 1, 1], 'grey')], { kernel_shape: [1, 1] });
  return node('Where', [
    node('LessOrEqual', [light, number(0.0031308)]),
    node('Mul', [light, number(12.92)]),
    node('Sub', [node('Mul', [node('Pow', [light, number(1 / 2.4)]), number(1.055)]), number(0.055)]),
  ]);
};
