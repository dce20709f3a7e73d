/** A column of a table: how it is headed, and its cell for one item. Columns after the first are aligned to the right. */
export interface Column<Item, Cell = string> {
  readonly heading: string;
  readonly cell: (item: Item) => Cell;
}

/** A table as data; HTML, Markdown and the terminal each draw it. */
export interface Table<Cell = string> {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Whether the cells after a row's first are words rather than numbers, and aligned to the left. */
  readonly words?: boolean;
}

/** A table with a row per item. */
export const tableOf = <Item, Cell = string>(
  items: readonly Item[],
  columns: readonly Column<Item, Cell>[],
): Table<Cell> => ({
  headings: columns.map(({ heading }) => heading),
  rows: items.map((item) => columns.map(({ cell }) => cell(item))),
});
