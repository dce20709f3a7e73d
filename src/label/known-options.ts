import { didYouMean } from './nearest.js';

/** Every option of a type, so that one added there is added here: the compiler counts them. */
export type OptionNames<T extends object> = Readonly<Record<keyof T, true>>;

/**
 * Refuses options that do not exist. TypeScript does that in what is written out; plain JavaScript never does, and an
 * option that is ignored is a result that nobody asked for. Throws a TypeError that names the nearest one.
 */
export const requireKnown = <T extends object>(
  given: T,
  { names, action }: { names: OptionNames<T>; action: string },
): void => {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(names, name)) continue;
    const known = Object.keys(names);
    throw new TypeError(
      `Cannot ${action}: there is no option "${name}";${didYouMean(name, known) || ` there are ${known.join(', ')}`}`,
    );
  }
};
