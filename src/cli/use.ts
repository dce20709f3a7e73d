import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as library from '../advanced.js';
import * as figure from '../figure/index.js';
import * as tensor from '../tensor/index.js';
import { UsageError } from './usage.js';

/**
 * Loads a module of the user's own, which adds to the registries: recipes, losses, schedules, primitives, … A default
 * export that is a function is called with the library, its figures and `tensor`, so a module need not import tailnas.
 * Throws a UsageError when there is no such file, and when the module throws.
 */
export const use = async (file: string): Promise<void> => {
  const path = resolve(file);
  if (!existsSync(path))
    throw new UsageError(`Cannot use ${file}: there is no such file; give the path of a JavaScript module`);
  try {
    const { default: add }: { default?: unknown } = await import(pathToFileURL(path).href);
    if (typeof add === 'function') await add({ ...library, ...figure, tensor });
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new UsageError(`Cannot use ${file}: the module fails (${reason}); correct it`, { cause: error });
  }
};
