import { escapeMarkup, sum } from '../measure/index.js';

/** A line of text as SVG. */
export const text = (label: string, { x, y, attributes = '' }: { x: number; y: number; attributes?: string }): string =>
  `<text x="${x}" y="${y}"${attributes === '' ? '' : ` ${attributes}`}>${escapeMarkup(label)}</text>`;

/** About how wide a text is in Arimo, rather too wide than too narrow: no browser is there to measure it. */
export const textWidth = (label: string, { size }: { size: number }): number =>
  size *
  sum(
    [...label].map((c) =>
      /[ijlft.,:;|!'()[\] ]/.test(c)
        ? 0.32
        : /[\u2e80-\uffff]/.test(c) || c.length > 1
          ? 1
          : /[A-Zmw%@+=]/.test(c)
            ? 0.8
            : 0.57,
    ),
  );

/** A text cut to a width, in the middle where its end says more, as that of a path does. */
export const fitted = (
  label: string,
  { size, width, keepEnd = false }: { size: number; width: number; keepEnd?: boolean },
): string => {
  if (textWidth(label, { size }) <= width) return label;
  const letters = [...label];
  for (let n = letters.length - 1; n > 1; n--) {
    const cut = keepEnd ? `…${letters.slice(-n).join('')}` : `${letters.slice(0, n).join('')}…`;
    if (textWidth(cut, { size }) <= width) return cut;
  }
  return '…';
};
