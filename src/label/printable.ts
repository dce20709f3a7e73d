const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/**
 * Control characters, line ends, marks that turn the direction of text, halves of characters, and what looks like
 * nothing or like a space and is none. The joiners of Persian, Hindi and emoji stay where they join something.
 */
const INVISIBLE = new RegExp(
  [
    String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]`,
    String.raw`(?![ \u3000])\p{Zs}`,
    String.raw`(?![\u200c\u200d])\p{Cf}`,
    String.raw`(?<![^\p{Script=Latin}\p{ASCII}])[\u200c\u200d]`,
  ].join('|'),
  'gu',
);

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
