import { type Look, OKABE_ITO } from '../plot.js';

const { black, orange, sky, green, blue, vermillion, purple, grey } = OKABE_ITO;
const SOLID = '';
const DASHED = '7 3';
const DOTTED = '2 3';
const DASH_DOT = '8 3 2 3';
const LONG = '13 4';

/** One look for a recipe in every figure. */
const RECIPES: ReadonlyMap<string, Look> = new Map([
  ['darts', { color: black, dash: SOLID, symbol: 'square' }],
  ['darts-resampling', { color: orange, dash: DASHED, symbol: 'triangle' }],
  ['darts-bbn', { color: vermillion, dash: DASH_DOT, symbol: 'diamond' }],
  ['hls', { color: blue, dash: SOLID, symbol: 'circle' }],
  ['hls-reverse-sigmoid', { color: sky, dash: DOTTED, symbol: 'star' }],
  ['hls-continued-class', { color: purple, dash: DASHED, symbol: 'cross' }],
  ['hls-continued-half', { color: green, dash: LONG, symbol: 'square' }],
  ['hls-continued-reverse', { color: orange, dash: DASH_DOT, symbol: 'star' }],
  ['hls-continued-frozen', { color: grey, dash: DOTTED, symbol: 'diamond' }],
]);

/** For series that are not recipes: any number of them, each different until all are used. */
const SERIES: readonly Look[] = [
  { color: blue, dash: SOLID, symbol: 'circle' },
  { color: vermillion, dash: DASHED, symbol: 'square' },
  { color: green, dash: DOTTED, symbol: 'triangle' },
  { color: purple, dash: DASH_DOT, symbol: 'diamond' },
  { color: black, dash: LONG, symbol: 'cross' },
  { color: orange, dash: SOLID, symbol: 'star' },
  { color: sky, dash: DASHED, symbol: 'circle' },
];

/** The look of the series at `index` in a figure. */
export const seriesLook = (index: number): Look => {
  const look = SERIES[index % SERIES.length];
  if (look === undefined) throw new RangeError(`Cannot choose a look: the index must be >= 0, got ${index}`);
  return look;
};

/** The look of a recipe: the paper's have fixed ones, others one that follows from the name, so that it too is the same in all figures. */
export const recipeLook = (name: string): Look =>
  RECIPES.get(name) ?? seriesLook([...name].reduce((sum, c) => (31 * sum + (c.codePointAt(0) ?? 0)) % 9973, 7));

/** The candidate operations in the order of alpha's columns (DARTS'). Colour is the family: 3×3 is dark and solid, 5×5 light and dashed. */
export const OPERATIONS: readonly (readonly [name: string, look: Look])[] = [
  ['none', { color: grey, dash: DOTTED, symbol: 'cross' }],
  ['max_pool_3x3', { color: green, dash: SOLID, symbol: 'circle' }],
  ['avg_pool_3x3', { color: green, dash: DASHED, symbol: 'circle' }],
  ['skip_connect', { color: black, dash: SOLID, symbol: 'square' }],
  ['sep_conv_3x3', { color: blue, dash: SOLID, symbol: 'triangle' }],
  ['sep_conv_5x5', { color: sky, dash: DASHED, symbol: 'triangle' }],
  ['dil_conv_3x3', { color: vermillion, dash: SOLID, symbol: 'diamond' }],
  ['dil_conv_5x5', { color: orange, dash: DASHED, symbol: 'diamond' }],
];
