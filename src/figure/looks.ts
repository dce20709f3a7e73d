import { type PaperRow, paperRows } from '../paper/index.js';

/** How a series is distinguished: by colour, dash pattern ('' is a solid line) and marker, so that none alone matters. */
export interface Look {
  readonly color: string;
  readonly dash: string;
  readonly symbol: PaperRow['symbol'];
}

/** Okabe and Ito's colours, which colour-blind readers can distinguish, without their yellow: too pale on white. */
export const COLORS: Readonly<Record<PaperRow['color'], string>> = {
  black: '#000000',
  orange: '#E69F00',
  sky: '#56B4E9',
  green: '#009E73',
  blue: '#0072B2',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  grey: '#767676',
};

const DASHES: Readonly<Record<PaperRow['dash'], string>> = {
  solid: '',
  dashed: '7 3',
  dotted: '2 3',
  dashDot: '8 3 2 3',
  long: '13 4',
};

type Named = Pick<PaperRow, 'color' | 'dash' | 'symbol'>;

const lookOf = ({ color, dash, symbol }: Named): Look => ({ color: COLORS[color], dash: DASHES[dash], symbol });

/** For series that are not rows: any number of them, each different until all are used. */
const SERIES = (
  [
    { color: 'blue', dash: 'solid', symbol: 'circle' },
    { color: 'vermillion', dash: 'dashed', symbol: 'square' },
    { color: 'green', dash: 'dotted', symbol: 'triangle' },
    { color: 'purple', dash: 'dashDot', symbol: 'diamond' },
    { color: 'black', dash: 'long', symbol: 'cross' },
    { color: 'orange', dash: 'solid', symbol: 'star' },
    { color: 'sky', dash: 'dashed', symbol: 'circle' },
  ] satisfies Named[]
).map(lookOf);

/** The look of the series at `index` in a figure. */
export const seriesLook = (index: number): Look => {
  const look = SERIES[index % SERIES.length];
  if (look === undefined) throw new RangeError(`Cannot choose a look: the index must be >= 0, got ${index}`);
  return look;
};

/** The look of a row in every figure: the paper's have their own, others one that follows from the name. */
export const rowLook = (name: string): Look => {
  const row = paperRows.find((of) => of.name === name);
  if (row !== undefined) return lookOf(row);
  return seriesLook([...name].reduce((hash, c) => (31 * hash + (c.codePointAt(0) ?? 0)) % 9973, 7));
};

/** DARTS' operations. Colour is the family: 3×3 is dark and solid, 5×5 light and dashed. */
const OPERATIONS: Readonly<Record<string, Named>> = {
  none: { color: 'grey', dash: 'dotted', symbol: 'cross' },
  max_pool_3x3: { color: 'green', dash: 'solid', symbol: 'circle' },
  avg_pool_3x3: { color: 'green', dash: 'dashed', symbol: 'circle' },
  skip_connect: { color: 'black', dash: 'solid', symbol: 'square' },
  sep_conv_3x3: { color: 'blue', dash: 'solid', symbol: 'triangle' },
  sep_conv_5x5: { color: 'sky', dash: 'dashed', symbol: 'triangle' },
  dil_conv_3x3: { color: 'vermillion', dash: 'solid', symbol: 'diamond' },
  dil_conv_5x5: { color: 'orange', dash: 'dashed', symbol: 'diamond' },
};

const lineOf = ({ color, dash }: Look): string => `${color} ${dash}`;

/** A look for each candidate operation; those that DARTS has not get pairs of colour and dash that are still free. */
export const operationLooks = (names: readonly string[]): Look[] => {
  const known = names.map((name) => OPERATIONS[name]).map((named) => named && lookOf(named));
  const used = new Set(known.map((look) => look && lineOf(look)));
  const grid = Object.values(DASHES).flatMap((dash) =>
    Object.values(COLORS).map((color): Look => ({ color, dash, symbol: 'star' })),
  );
  const free = grid.filter((look) => !used.has(lineOf(look)));
  let next = 0;
  return known.map((look) => look ?? free[next++ % free.length] ?? seriesLook(next));
};
