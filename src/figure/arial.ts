/**
 * Advance widths of Arial, and of the fonts made to its measure (Helvetica, Arimo, Liberation Sans), in thousandths of
 * the font's size: characters by width. No browser is there to measure a text while a cell is drawn.
 */
const REGULAR: readonly (readonly [width: number, characters: string])[] = [
  [191, "'"],
  [222, 'ijl'],
  [260, '|'],
  [278, ' !,./:;I[\\]ft'],
  [333, '()-`r{}'],
  [355, '"'],
  [389, '*'],
  [469, '^'],
  [500, 'Jcksvxyz'],
  [584, '+<=>~'],
  [611, 'FTZ'],
  [667, '&ABEKPSVXY'],
  [722, 'CDHNRUw'],
  [778, 'GOQ'],
  [833, 'Mm'],
  [889, '%'],
  [944, 'W'],
  [1015, '@'],
];
/** Digits and most small letters. */
const OTHER = 556;
/** Bold letters are wider by about this much. */
const BOLD = 1.08;

const WIDTHS: ReadonlyMap<string, number> = new Map(
  REGULAR.flatMap(([width, characters]) => [...characters].map((c) => [c, width] as const)),
);

/** How wide a text is in Arial, in the unit of `size`. */
export const arialWidth = (text: string, { size, bold = false }: { size: number; bold?: boolean }): number =>
  [...text].reduce((sum, c) => sum + (WIDTHS.get(c) ?? OTHER), 0) * (size / 1000) * (bold ? BOLD : 1);
