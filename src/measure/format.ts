import { printable } from '../label/index.js';
import type { Estimate } from './statistics.js';

// Numbers as text, for the terminal, Markdown and HTML alike.

/** For values that do not apply or are missing. */
export const NONE = '–';

/** `64.56`, or a dash. */
export const fixed = (value: number | null, digits = 2): string => (value === null ? NONE : value.toFixed(digits));

/** `64.56 ± 0.41`; without a spread the mean alone. */
export const meanAndSd = (of: { readonly mean: number | null; readonly sd: number | null } | null): string =>
  of === null || of.sd === null ? fixed(of?.mean ?? null) : `${fixed(of.mean)} ± ${fixed(of.sd)}`;

/** `+0.41`, `−1.20` with a true minus. */
export const signed = (value: number | null): string =>
  value === null ? NONE : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

/** `+3.36 (+1.20 to +5.52)`; without an interval the mean alone. */
export const interval = (estimate: Estimate | null): string => {
  if (estimate === null) return NONE;
  const { mean, low, high } = estimate;
  return low === null ? signed(mean) : `${signed(mean)} (${signed(low)} to ${signed(high)})`;
};

/** A share as percent: `64.56 %`. */
export const percent = (share: number | null): string => (share === null ? NONE : `${(100 * share).toFixed(2)} %`);

/** Digits in groups of three. */
export const grouped = (n: number): string => n.toLocaleString('en-US');

/** `1 epoch`, `2 epochs`, `2 classes`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${grouped(n)} ${n === 1 ? one : many}`;

const two = (n: number): string => String(n).padStart(2, '0');
const clock = (seconds: number): readonly [hours: number, minutes: number, seconds: number] => {
  const whole = Math.max(0, Math.round(seconds));
  return [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
};

/** `1:02:03`, `12:34`, `0:07`: where there is little room. */
export const duration = (seconds: number): string => {
  const [h, m, s] = clock(seconds);
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

/** `2 h 05 min`, `12 min 04 s`, `7 s`: for tables. */
export const durationWithUnits = (seconds: number | null): string => {
  if (seconds === null) return NONE;
  const [h, m, s] = clock(seconds);
  return h > 0 ? `${h} h ${two(m)} min` : m > 0 ? `${m} min ${two(s)} s` : `${s} s`;
};

/** `512 MB`, `2.3 GB`: decimal units. */
export const bytes = (n: number | null): string =>
  n === null ? NONE : n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${Math.round(n / 1e6)} MB`;

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Escapes text for the content of HTML and SVG elements, and for attributes in double quotes; see `printable`. */
export const escapeMarkup = (text: string): string =>
  text
    .split('\n')
    .map(printable)
    .join('\n')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** Control characters, line ends, and marks that turn the direction of text. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]/gu;
const unicode = (c: string): string => `\\U${(c.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;

const quoted = (word: string): string => {
  if (/^[\w@%+=:,./~-]+$/.test(word)) return word;
  if (word.search(INVISIBLE) < 0) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${word.replace(/['\\]/g, '\\$&').replace(INVISIBLE, unicode)}'`; // spelled out, as a shell reads it
};

/** A command as one would type it: words in quotes where a shell would split or change them. */
export const commandText = (command: readonly string[]): string => command.map(quoted).join(' ');

/**
 * The command that a run folder says it was made by. The folder may be from a stranger: what is no command of tailnas
 * is a comment, not something to type.
 */
export const recordedCommand = (command: readonly string[], { name }: { name: string }): string => {
  if (command[0] === 'tailnas') return commandText(command);
  const how = command.length === 0 ? 'was started from a program' : 'says that it was started otherwise';
  return `# ${name.replace(INVISIBLE, ' ')} ${how}`;
};

/** `417,420`, `1.26 million`: counts of this size are compared, not added up. */
export const countText = (n: number | undefined): string =>
  n === undefined ? NONE : n < 1e6 ? grouped(n) : `${(n / 1e6).toFixed(n < 1e7 ? 2 : 1)} million`;
