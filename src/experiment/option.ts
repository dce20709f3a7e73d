import { z } from 'zod';
import { didYouMean, type Registry } from '../label/index.js';
import type { Scalar } from '../run/index.js';

/**
 * What the command line has to know of an option. Its name in code and in `run.json` is its key in the set; `batchSize`
 * is `--batch-size`.
 */
export interface OptionMeta {
  /** The value after the flag in `--help`: `<n>`, `<schedule>`; nothing for a switch. */
  readonly value?: string;
  readonly help: string;
  /** The heading of its group in `--help`. */
  readonly group: string;
  /** It says how large a run is: a scale presets it, and two runs that differ in it are not compared. */
  readonly size?: true;
  /** It concerns phases after the search alone: a finished search without them can be continued with any value. */
  readonly later?: true;
}

/** The options of an experiment, declared once: command line, `run.json`, resume and documents are made of it. */
export type OptionSet = z.ZodObject<Readonly<Record<string, z.ZodType>>>;

const declared = new WeakMap<z.ZodType, OptionMeta>();

/** What an option was declared with. Throws when the field is not one of this file's. */
export const metaOf = (field: z.ZodType): OptionMeta => {
  const meta = declared.get(field);
  if (meta === undefined) throw new Error('Cannot use option set: each of its fields must be made by `option`');
  return meta;
};

/**
 * An option: `read` makes its value of a word of the command line or of a value in `run.json`, and throws a RangeError
 * on one that cannot be.
 */
export const option = <T>(meta: OptionMeta, read: (value: Scalar) => T) => {
  const field = z.union([z.string(), z.number(), z.boolean()]).transform((value, context) => {
    try {
      return read(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
  declared.set(field, meta);
  return field;
};

interface Range {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
  readonly whole?: true;
}

const ruleOf = ({ least, above, most, below, whole }: Range): string => {
  const bounds = [
    ...(least === undefined ? [] : [`>= ${least}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(most === undefined ? [] : [`<= ${most}`]),
    ...(below === undefined ? [] : [`< ${below}`]),
  ];
  return `${whole ? 'a whole number' : 'a number'} ${bounds.join(' and ')}`.trim();
};

/** Reads a number in a range. Throws a RangeError that says the rule. */
export const numberIn =
  (range: Range) =>
  (value: Scalar): number => {
    const { least = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, whole } = range;
    const { most = Number.POSITIVE_INFINITY, below = Number.POSITIVE_INFINITY } = range;
    const n = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
    const fits =
      Number.isFinite(n) && n >= least && n > above && n <= most && n < below && (!whole || Number.isSafeInteger(n));
    if (!fits) throw new RangeError(`It must be ${ruleOf(range)}, got ${String(value).trim() || 'nothing'}`);
    return n;
  };

/** Reads numbers in a range with commas between them: "0, 6, 12". */
export const numbersIn = (range: Range) => {
  const read = numberIn(range);
  return (value: Scalar): { readonly label: string; readonly values: readonly number[] } => {
    const values = String(value).split(',').map(read);
    return { label: values.join(', '), values };
  };
};

/** Reads one of a few words. Throws a RangeError with all of them, and the nearest; `orElse` ends it. */
export const oneOf =
  <const T extends string>(words: readonly T[], orElse = '') =>
  (value: Scalar): T => {
    const found = words.find((word) => word === String(value));
    if (found === undefined)
      throw new RangeError(
        `It must be one of ${words.join(', ')}, got "${value}"` +
          didYouMean(String(value), words).replace(/^ /, '; ') +
          orElse,
      );
    return found;
  };

/** Reads a label of a registry. */
export const labelOf =
  <T>(registry: Registry<T>) =>
  (value: Scalar): T =>
    registry.read(String(value));

/** Reads a switch. */
export const isOn = (value: Scalar): boolean => oneOf(['true', 'false'])(value) === 'true';

/** A value as `run.json` and the command line spell it. Throws when it has no spelling. */
export const spelled = (value: unknown): Scalar => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if ((typeof value === 'object' || typeof value === 'function') && value !== null && 'label' in value)
    return String(value.label);
  if (typeof value === 'object' && value !== null && 'name' in value) return String(value.name);
  throw new TypeError(`Cannot spell ${String(value)}: it must be a number, a word, a switch, or have a label`);
};

/** `batchSize` → `batch-size`. */
export const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The values of a set of options, from their spellings. Throws a RangeError that names the option. */
export const readOptions = <S extends OptionSet>(set: S, values: Readonly<Record<string, Scalar>>): z.infer<S> => {
  const found = set.safeParse(values);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const name = String(issue?.path[0] ?? '');
  throw new RangeError(
    `Cannot use --${kebab(name)}: ${(issue?.message ?? 'it is wrong').replace(/^It must/, 'it must')}`,
  );
};
