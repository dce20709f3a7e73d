import { orKnown } from './nearest.js';
import { type Argument, type Label, one, parseLabel, parseLabels, spell } from './parse.js';

/** How one name of a registry is read. */
export interface Entry<T> {
  /** How it is written, for errors and help: `ldam or ldam(margin, scale)`. */
  readonly usage: string;
  /**
   * The value of the arguments, or undefined when they are not as in `usage`. `read` parses an argument that is itself
   * a label of this registry. May throw a RangeError on an invalid value.
   */
  make(args: readonly Argument[], read: (argument: Argument) => T): T | undefined;
}

/** All values of one kind that have a spelling: schedules, losses, … A user's module may add to it. */
export interface Registry<T> {
  /** What its values are, in the singular: `schedule`. */
  readonly what: string;
  /** The names in the order in which they were added. */
  names(): readonly string[];
  /** How each name is written. */
  usages(): readonly string[];
  /** Adds a name. Throws a RangeError when it is taken, or could not be read again. */
  add(name: string, entry: Entry<T>): void;
  /** The value of a text. Throws a RangeError that names what was expected, and the nearest name. */
  read(text: string): T;
  /** The values of a list such as `crop(4) + flip`; `none` is the empty list. Throws as `read` does. */
  readList(text: string): readonly T[];
}

const NAME = /^(?:[A-Za-z][\w-]*|×)$/;

/** A registry with its first names. */
export const registry = <T>(what: string, first: Readonly<Record<string, Entry<T>>> = {}): Registry<T> => {
  const entries = new Map(Object.entries(first));
  const names = (): string[] => [...entries.keys()].filter((name) => name !== '×');
  /** Makes values of the labels of one text, which errors name. */
  const reader = (text: string): ((label: Label) => T) => {
    const fail = (problem: string): never => {
      throw new RangeError(`Cannot read ${what} "${text}": ${problem}`);
    };
    const of = ({ name, args }: Label): T => {
      const entry = entries.get(name);
      if (entry === undefined) return fail(`unknown ${what} "${name}"${orKnown(name, names())}`);
      return entry.make(args, value) ?? fail(`it must be written ${entry.usage}`);
    };
    const value = (argument: Argument): T =>
      typeof argument === 'number' ? fail(`${spell(argument)} must be ${one(what)}`) : of(argument);
    return of;
  };
  return {
    what,
    names,
    usages: () => names().flatMap((name) => entries.get(name)?.usage ?? []),
    add: (name, entry) => {
      if (!NAME.test(name))
        throw new RangeError(`Cannot add ${what} "${name}": a name must be letters, digits, - and _, a letter first`);
      if (entries.has(name)) throw new RangeError(`Cannot add ${what} "${name}": the name is taken`);
      entries.set(name, entry);
    },
    read: (text) => reader(text)(parseLabel(text, { what })),
    readList: (text) => (text.trim() === 'none' ? [] : parseLabels(text, { what }).map(reader(text))),
  };
};

/** The arguments as numbers, or undefined unless all are, and there are from `least` to `most` of them. */
export const numbers = (args: readonly Argument[], least: number, most: number = least): number[] | undefined => {
  const found = args.filter((a) => typeof a === 'number');
  return found.length === args.length && least <= found.length && found.length <= most ? found : undefined;
};

/** An entry whose arguments are numbers: as many as `make` has, or fewer, down to `least`. */
export const ofNumbers = <T>(usage: string, make: (...values: number[]) => T, least = make.length): Entry<T> => ({
  usage,
  make: (args) => {
    const values = numbers(args, least, make.length);
    return values === undefined ? undefined : make(...values);
  },
});

/** An entry of which every parameter has a default: its name alone, or with numbers in brackets, from the first on. */
export const withDefaults = <T>(
  name: string,
  parameters: readonly string[],
  make: (...values: number[]) => T,
): Entry<T> => ({
  usage: `${name} or ${name}(${parameters.join(', ')})`,
  make: (args) => {
    const values = numbers(args, 0, parameters.length);
    return values === undefined ? undefined : make(...values);
  },
});

/** An argument as a bare word, or undefined. */
export const word = (argument: Argument | undefined): string | undefined =>
  typeof argument === 'object' && argument.args.length === 0 ? argument.name : undefined;
