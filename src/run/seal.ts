import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parse, type Rule } from './parse.js';

const DIGITS = 16;
const KEY = 'seal';
const record = z.record(z.string(), z.unknown());

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, DIGITS);

/**
 * Proves that JSON is as it was written, as the name of a checkpoint does: the first 16 hex digits of the SHA-256 of
 * the object as `JSON.stringify` spells it, without its `seal`.
 */
export const sealOf = (value: object): string => {
  const { [KEY]: _, ...rest } = record.parse(JSON.parse(JSON.stringify(value)));
  return hashOf(JSON.stringify(rest));
};

/** Whether a text is one of `JSON.stringify` with its seal before it: the hash of the text itself then says so. */
const isAsWritten = (text: string): boolean => {
  const [start, seal] = /^\{"seal":"([0-9a-f]{16})",/.exec(text) ?? [];
  return start !== undefined && hashOf(`{${text.slice(start.length)}`) === seal;
};

const withoutSeal = (value: unknown): unknown => {
  const { [KEY]: _, ...rest } = record.parse(value);
  return rest;
};

/** A value with its seal before it: what is written to disk. */
export const sealed = <T extends object>(value: T): T & { readonly seal: string } => {
  const seal = sealOf(value);
  return { ...{ seal }, ...value, seal };
};

/** Whether JSON says that it is sealed; whether the seal is right, only `parseSealed` says. */
export const isSealed = (text: string): boolean => {
  try {
    return KEY in record.parse(JSON.parse(text));
  } catch {
    return false;
  }
};

interface Sealing {
  /** Whether there must be a seal: files of older versions have none. */
  readonly must: boolean;
  /** The keys that an older version knew: where there is no seal, any other could be one that was damaged. */
  readonly keys?: readonly string[];
}

type Words = Pick<Rule<unknown>, 'action' | 'remedy'>;

/** JSON without its seal. Throws where that is not of this content, and where one that there must be is missing. */
export const unsealed = (value: unknown, { action, remedy, must, keys }: Words & Sealing): unknown => {
  const found = record.safeParse(value);
  if (!found.success) return value; // the schema says what is wrong
  const { [KEY]: seal, ...rest } = found.data;
  const other = keys && Object.keys(rest).find((key) => !keys.includes(key));
  if (seal === undefined && !must && other === undefined) return rest;
  if (seal === undefined)
    throw new Error(
      `${action}: it was changed or damaged since it was written (` +
        `${must ? 'its seal is missing' : `it has an unknown key ${JSON.stringify(other)}`}); ${remedy}`,
    );
  if (seal !== sealOf(rest))
    throw new Error(
      `${action}: it was changed or damaged since it was written (its content does not match its seal); ${remedy}`,
    );
  return rest;
};

/** `parse` for JSON that may be sealed, as all is that this version writes. */
export const parseSealed = <T>(text: string, rule: Rule<T> & Sealing): T =>
  parse(text, { ...rule, open: isAsWritten(text) ? withoutSeal : (value) => unsealed(value, rule) });
