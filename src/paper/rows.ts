type Color = 'black' | 'orange' | 'sky' | 'green' | 'blue' | 'vermillion' | 'purple' | 'grey';
type Dash = 'solid' | 'dashed' | 'dotted' | 'dashDot' | 'long';
type Symbol = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'star';

/** How a line of a figure is drawn: its colour (Okabe and Ito's), dashes and markers. */
export type LookName = `${Color} ${Dash} ${Symbol}`;

/** A row of the paper's results: a recipe by its name here, and how it is drawn wherever it is one line of several. */
export interface PaperRow {
  readonly name: string;
  readonly label: string;
  readonly look: LookName;
}

/** All rows in the paper's order: tables I and II, then the other forms of continued training in figure 8. */
export const paperRows: readonly PaperRow[] = [
  { name: 'darts', label: 'DARTS', look: 'black solid square' },
  { name: 'darts-resampling', label: 'DARTS + Re-sampling', look: 'orange dashed triangle' },
  { name: 'darts-bbn', label: 'DARTS + BBN', look: 'vermillion dashDot diamond' },
  { name: 'hls', label: 'HLS', look: 'blue solid circle' },
  { name: 'hls-reverse-sigmoid', label: 'HLS + Reverse Sigmoid', look: 'sky dotted star' },
  { name: 'hls-continued-half', label: 'HLS + Continuous Learning', look: 'green long square' },
  { name: 'hls-continued-class', label: 'HLS + class branch alone', look: 'purple dashed cross' },
  { name: 'hls-continued-reverse', label: 'HLS + reverse sigmoid after it', look: 'orange dashDot star' },
  { name: 'hls-continued-frozen', label: 'HLS + class head alone', look: 'grey dotted diamond' },
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
export const paperTables = { table1: Object.keys(paperAccuracy).slice(0, 3), table2: Object.keys(paperAccuracy) };

/** The row whose finished search all continued rows continue (section V-D). */
export const CONTINUED_FROM = 'hls';
