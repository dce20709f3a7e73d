/** A column of a table: its heading, and its cell for one item. */
export type Column<Item, Cell = string> = readonly [heading: string, cell: (item: Item) => Cell];

/** A table as data; HTML, Markdown and the terminal each draw it. */
export interface Table<Cell = string> {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Whether cells are words, aligned to the left; else those after the first are numbers, aligned to the right. */
  readonly words: boolean;
}

/** A table with a row per item. */
export const tableOf = <Item, Cell = string>(
  items: readonly Item[],
  columns: readonly Column<Item, Cell>[],
  { words = false }: { words?: boolean } = {},
): Table<Cell> => ({
  headings: columns.map(([heading]) => heading),
  rows: items.map((item) => columns.map(([, cell]) => cell(item))),
  words,
});
