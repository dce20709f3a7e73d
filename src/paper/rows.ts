/** A row of the paper's results: a recipe by its name here, and how it is drawn wherever it is one line of several. */
export interface PaperRow {
  readonly name: string;
  readonly label: string;
  readonly color: 'black' | 'orange' | 'sky' | 'green' | 'blue' | 'vermillion' | 'purple' | 'grey';
  readonly dash: 'solid' | 'dashed' | 'dotted' | 'dashDot' | 'long';
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'star';
}

/** All rows in the paper's order: tables I and II, then the other forms of continued training in figure 8. */
export const paperRows: readonly PaperRow[] = [
  { name: 'darts', label: 'DARTS', color: 'black', dash: 'solid', symbol: 'square' },
  { name: 'darts-resampling', label: 'DARTS + Re-sampling', color: 'orange', dash: 'dashed', symbol: 'triangle' },
  { name: 'darts-bbn', label: 'DARTS + BBN', color: 'vermillion', dash: 'dashDot', symbol: 'diamond' },
  { name: 'hls', label: 'HLS', color: 'blue', dash: 'solid', symbol: 'circle' },
  { name: 'hls-reverse-sigmoid', label: 'HLS + Reverse Sigmoid', color: 'sky', dash: 'dotted', symbol: 'star' },
  { name: 'hls-continued-half', label: 'HLS + Continuous Learning', color: 'green', dash: 'long', symbol: 'square' },
  { name: 'hls-continued-class', label: 'HLS + class branch alone', color: 'purple', dash: 'dashed', symbol: 'cross' },
  {
    name: 'hls-continued-reverse',
    label: 'HLS + reverse sigmoid after it',
    color: 'orange',
    dash: 'dashDot',
    symbol: 'star',
  },
  { name: 'hls-continued-frozen', label: 'HLS + class head alone', color: 'grey', dash: 'dotted', symbol: 'diamond' },
];

/** Table II: accuracy in percent on the paper's data, one run per row. Its first three rows are table I. */
export const paperAccuracy = {
  darts: 64.56,
  'darts-resampling': 61.2,
  'darts-bbn': 52.14,
  hls: 65.12,
  'hls-reverse-sigmoid': 61.85,
  // The paper does not say which form of continued training this is; it calls this one the most stable.
  'hls-continued-half': 63.12,
} as const;

/** The rows of the paper's tables, in order. */
export const paperTables = {
  table1: Object.keys(paperAccuracy).slice(0, 3),
  table2: Object.keys(paperAccuracy),
} as const;

/** The row whose finished search all continued ones go on from (section V-D). */
export const CONTINUED_FROM = 'hls';
