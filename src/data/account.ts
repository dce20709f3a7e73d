import { basename } from 'node:path';
import { printable } from '../label/index.js';
import type { Failure } from './reasons.js';
import type { Part } from './source.js';

/** A file that was to be used and could not be. */
export interface Skipped extends Failure {
  readonly part: Part;
  /** The name of its class. */
  readonly class: string;
}

/** Entries that are not used, counted by reason. */
export interface Reasons {
  readonly reason: string;
  readonly entries: number;
  /** The first of them. */
  readonly such: readonly string[];
}

/** What a run found in its data besides images: every entry is used, counted here, or skipped. */
export interface DataAccount {
  /** The folders of the parts, as they are called there: `{ train: 'train', valid: 'val', test: 'test' }`. */
  readonly parts?: Readonly<Partial<Record<Part, string>>> | undefined;
  /** What the images are read from, where that is no folder: `zip`. */
  readonly archive?: string | undefined;
  /** Entries that are not images. */
  readonly leftOut: readonly Reasons[];
  /** Images that are used although something is wrong with their files. */
  readonly warned: readonly Reasons[];
}

const NAMED = 10;

/** Files by reason, the most frequent reason first. */
export const byReason = (found: readonly Failure[]): Reasons[] => {
  const files = new Map<string, string[]>();
  for (const { file, reason } of found) {
    const list = files.get(reason);
    if (list === undefined) files.set(reason, [file]);
    else list.push(file);
  }
  return [...files]
    .map(([reason, of]) => ({ reason, entries: of.length, such: of.slice(0, NAMED) }))
    .sort((a, b) => b.entries - a.entries);
};

const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;

/** `left out 3 entries (Thumbs.db, …): a file of the system`, a line for each reason. */
export const leftOutTexts = (leftOut: readonly Reasons[], { done = 'left out' } = {}): string[] =>
  leftOut.map(({ reason, entries, such }) => {
    const names = such.slice(0, 3).map((file) => printable(basename(file)));
    const more = entries > names.length ? ', …' : '';
    return `${done} ${count(entries, 'entry', 'entries')} (${names.join(', ')}${more}): ${reason}`;
  });

/** `5 of class "ant", 2 of class "bee"`. */
const byClass = (skipped: readonly Skipped[]): string => {
  const counts = new Map<string, number>();
  for (const { class: name } of skipped) counts.set(name, (counts.get(name) ?? 0) + 1);
  const most = [...counts].sort(([, a], [, b]) => b - a);
  const shown = most.slice(0, 5).map(([name, n]) => `${n} of class "${printable(name)}"`);
  return most.length > 5 ? `${shown.join(', ')}, …` : shown.join(', ');
};

/** Files that cannot be read, by class, the first ten by name: lines for people. */
export const unreadableText = (skipped: readonly Skipped[], { of }: { of: number }): string => {
  const lines = skipped.slice(0, NAMED).map(({ file, reason }) => `  ${printable(file)}: ${printable(reason)}`);
  const more = skipped.length - lines.length;
  return [
    `${skipped.length.toLocaleString('en-US')} of ${count(of, 'image')} cannot be read (${byClass(skipped)}):`,
    ...lines,
    ...(more > 0 ? [`  and ${more.toLocaleString('en-US')} more`] : []),
  ].join('\n');
};

/** Throws when files cannot be read: lists all of them, so that they can be repaired in one go. */
export const refuseUnreadable = (skipped: readonly Skipped[], { of }: { of: number }): void => {
  const [only, second] = skipped;
  if (only === undefined) return;
  if (second === undefined)
    throw new Error(
      `Cannot load data: ${printable(only.file)} is not a readable image: ${printable(only.reason)} (of class ` +
        `"${printable(only.class)}"); repair or remove it, or leave such files out with --skip-corrupt`,
    );
  throw new Error(
    `Cannot load data: ${unreadableText(skipped, { of })}\n` +
      'repair or remove them, or leave such files out with --skip-corrupt',
  );
};
