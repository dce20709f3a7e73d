import { z } from 'zod';

/** Parses unknown input to a checked value, or an error that names the action, the problem and the remedy. */
export const check = <T>(value: unknown, { schema, action, remedy }: Rule<T>): T => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Error(`${action}: ${problem(result.error)}; ${remedy}`);
};

/**
 * `check` for text: text that is not JSON is distinguished from JSON of the wrong shape. `open` sees the JSON before
 * the schema does.
 */
export const parse = <T>(text: string, rule: Rule<T> & { readonly open?: (value: unknown) => unknown }): T => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${rule.action}: the text is not JSON; ${rule.remedy}`);
  }
  return check(rule.open === undefined ? value : rule.open(value), rule);
};

const formatted = z.looseObject({ format: z.number() });

/** The number of the format that a JSON text says; 0 where it says none. */
export const formatOf = (text: string): number => {
  try {
    return formatted.parse(JSON.parse(text)).format;
  } catch {
    return 0;
  }
};

export interface Rule<T> {
  readonly schema: z.ZodType<T>;
  /** What the error starts with: `Cannot open run runs/a: run.json is damaged`. */
  readonly action: string;
  /** What the error ends with: the thing to do next. */
  readonly remedy: string;
}

const problem = (error: z.ZodError): string => {
  const first = error.issues[0];
  if (first === undefined) return 'unknown problem';
  const message = first.message.replace(/^Invalid input: /, '');
  return first.path.length === 0 ? message : `"${first.path.join('.')}": ${message}`;
};
