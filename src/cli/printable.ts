const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** Control characters, line ends, and marks that turn the direction of text; not the joiners that emoji are made of. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/** A name as a terminal may show it: what would move the cursor, colour the text or turn it around is spelled out. */
export const printable = (text: string): string =>
  text.replace(INVISIBLE, (c) => {
    const code = c.codePointAt(0) ?? 0;
    return ESCAPES[c] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`);
  });

const NO_COLUMN = /\p{M}|\u200c|\u200d|\ufe0f/u;
const TWO_COLUMNS =
  /\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Hangul}|\p{Emoji_Presentation}|[\u3000-\u303e\uff01-\uff60]/u;

/** How many columns of a terminal a text takes. */
export const columnsOf = (text: string): number =>
  [...text].reduce((sum, c) => sum + (NO_COLUMN.test(c) ? 0 : TWO_COLUMNS.test(c) ? 2 : 1), 0);

/** A name as a table has it: printable, and cut where it would push all other columns away. */
export const shortName = (name: string, { columns = 32 } = {}): string => {
  const whole = printable(name);
  if (columnsOf(whole) <= columns) return whole;
  let cut = '';
  for (const c of whole) {
    if (columnsOf(cut + c) >= columns) break;
    cut += c;
  }
  return `${cut}…`;
};
