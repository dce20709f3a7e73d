import { kebab } from '../experiment/index.js';

/**
 * Spells options and data requests as the flags of `tailnas search`: `{ batchSize: 8, flip: false }` → `--batch-size 8
 * --no-flip`.
 */
export const flagsOf = (values: object): string[] =>
  Object.entries(values).flatMap(([key, value]: [string, unknown]) => {
    const flag = key === 'spec' ? 'data' : kebab(key);
    if (value === undefined) return [];
    if (typeof value === 'boolean') return [value ? `--${flag}` : `--no-${flag}`];
    return [`--${flag}`, String(value)];
  });
