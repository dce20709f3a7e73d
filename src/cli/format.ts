/** `1:02:03`, `12:34`, `0:07`. */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
};

/** `512 MB`, `2.3 GB`: decimal units. */
export const bytes = (n: number): string => (n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${Math.round(n / 1e6)} MB`);

/** A share as percent, or n/a. */
export const percent = (share: number | null): string => (share === null ? 'n/a' : `${(100 * share).toFixed(2)} %`);

/** Digits in groups of three. */
export const grouped = (n: number): string => n.toLocaleString('en-US');

/** Two columns that line up: names on the left, values on the right of them. */
export const listing = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join('\n');
};

/** Rows of cells that line up; the first row is the heading. Columns named in `right` are aligned to the right. */
export const table = (
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string => {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => (row[c] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, c) => (right.includes(c) ? cell.padStart(widths[c] ?? 0) : cell.padEnd(widths[c] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** `1 epoch`, `2 epochs`. */
export const plural = (n: number, one: string): string => `${grouped(n)} ${one}${n === 1 ? '' : 's'}`;
