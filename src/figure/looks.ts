import { type LookName, paperRows } from '../paper/index.js';

/** How a series is distinguished: by colour, dash pattern ('' is a solid line) and marker; any one would do. */
export interface Look {
  readonly color: string;
  readonly dash: string;
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'star';
}

/** Okabe and Ito's colours, which colour-blind readers can distinguish, without their yellow: too pale on white. */
export const COLORS = {
  black: '#000000',
  orange: '#E69F00',
  sky: '#56B4E9',
  green: '#009E73',
  blue: '#0072B2',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  grey: '#767676',
} as const;

const DASHES = { solid: '', dashed: '7 3', dotted: '2 3', dashDot: '8 3 2 3', long: '13 4' } as const;
const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'cross', 'star'] as const;

const LOOKS: ReadonlyMap<string, Look> = new Map(
  Object.entries(DASHES).flatMap(([dashed, dash]) =>
    Object.entries(COLORS).flatMap(([colored, color]) =>
      SYMBOLS.map((symbol) => [`${colored} ${dashed} ${symbol}`, { color, dash, symbol }] as const),
    ),
  ),
);

const lookOf = (name: LookName): Look => LOOKS.get(name) ?? { color: COLORS.black, dash: '', symbol: 'circle' };

/** For series that are not rows: any number of them, each different until all are used. */
const SERIES = (
  [
    'blue solid circle',
    'vermillion dashed square',
    'green dotted triangle',
    'purple dashDot diamond',
    'black long cross',
    'orange solid star',
    'sky dashed circle',
  ] as const
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
  if (row !== undefined) return lookOf(row.look);
  return seriesLook([...name].reduce((hash, c) => (31 * hash + (c.codePointAt(0) ?? 0)) % 9973, 7));
};

/** The looks of rows that stand in one figure: that of each by itself, unless another row has it already. */
export const rowLooks = (names: readonly string[]): ReadonlyMap<string, Look> => {
  const looks = new Map<string, Look>();
  const isFree = (look: Look): boolean => ![...looks.values()].includes(look);
  // The paper's rows keep theirs, whatever stands before them.
  const isPapers = (name: string): boolean => paperRows.some((row) => row.name === name);
  for (const name of [...names].sort((a, b) => Number(isPapers(b)) - Number(isPapers(a)))) {
    const own = rowLook(name);
    looks.set(name, isFree(own) ? own : (SERIES.find(isFree) ?? own));
  }
  return looks;
};

/** DARTS' operations. Colour is the family: 3×3 is dark and solid, 5×5 light and dashed. */
const OPERATIONS: Readonly<Record<string, LookName>> = {
  none: 'grey dotted cross',
  max_pool_3x3: 'green solid circle',
  avg_pool_3x3: 'green dashed circle',
  skip_connect: 'black solid square',
  sep_conv_3x3: 'blue solid triangle',
  sep_conv_5x5: 'sky dashed triangle',
  dil_conv_3x3: 'vermillion solid diamond',
  dil_conv_5x5: 'orange dashed diamond',
};

/** A look for each candidate operation; those that DARTS has not get pairs of colour and dashes that are still free. */
export const operationLooks = (names: readonly string[]): Look[] => {
  const known = names.map((name) => OPERATIONS[name]).map((look) => look && lookOf(look));
  const isUsed = (look: Look) => known.some((other) => other?.color === look.color && other.dash === look.dash);
  const free = [...LOOKS.values()].filter((look) => look.symbol === 'star' && !isUsed(look));
  let next = 0;
  return known.map((look) => look ?? free[next++ % free.length] ?? seriesLook(next));
};
