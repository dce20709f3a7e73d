import { closest } from 'fastest-levenshtein';
import { constant } from './constant.js';
import { cosine } from './cosine.js';
import { linear } from './linear.js';
import { parabolicDecay } from './parabolic-decay.js';
import { product } from './product.js';
import { reverseSigmoid } from './reverse-sigmoid.js';
import type { Schedule } from './schedule.js';
import { freezeForms, softFreeze } from './soft-freeze.js';

type Argument = { readonly number: number } | { readonly word: string } | { readonly schedule: Schedule };

/** What a name makes of its arguments; undefined when they are not what it takes. */
type Maker = (args: readonly Argument[]) => Schedule | undefined;

const numbers = (args: readonly Argument[], n: number): number[] | undefined => {
  const found = args.flatMap((a) => ('number' in a ? [a.number] : []));
  return args.length === n && found.length === n ? found : undefined;
};

const fromTo =
  (make: (from: number, to: number) => Schedule): Maker =>
  (args) => {
    const [from, to] = numbers(args, 2) ?? [];
    return from === undefined || to === undefined ? undefined : make(from, to);
  };

const MAKERS: Readonly<Record<string, { readonly usage: string; readonly make: Maker }>> = {
  constant: {
    usage: 'constant(value)',
    make: (args) => {
      const [value] = numbers(args, 1) ?? [];
      return value === undefined ? undefined : constant(value);
    },
  },
  cosine: { usage: 'cosine(from, to)', make: fromTo(cosine) },
  linear: { usage: 'linear(from, to)', make: fromTo(linear) },
  parabolicDecay: { usage: 'parabolicDecay', make: (args) => (args.length === 0 ? parabolicDecay() : undefined) },
  reverseSigmoid: {
    usage: 'reverseSigmoid or reverseSigmoid(k)',
    make: (args) => {
      if (args.length === 0) return reverseSigmoid();
      const [k] = numbers(args, 1) ?? [];
      return k === undefined ? undefined : reverseSigmoid({ k });
    },
  },
  softFreeze: {
    usage: `softFreeze(mixing) or softFreeze(mixing, ${freezeForms.join('|')})`,
    make: ([mixing, second, ...rest]) => {
      if (mixing === undefined || !('schedule' in mixing) || rest.length > 0) return undefined;
      if (second === undefined) return softFreeze(mixing.schedule);
      const form = freezeForms.find((f) => 'word' in second && second.word === f);
      return form === undefined ? undefined : softFreeze(mixing.schedule, { form });
    },
  },
};
const NAMES = Object.keys(MAKERS);

const TOKEN = /\s*(?:([A-Za-z]+)|([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)|([(),×*]))/y;

/**
 * The schedule that a text stands for, in the spelling of labels: `parabolicDecay`, `softFreeze(reverseSigmoid(10))`, `constant(0.02) × cosine(1, 0)`.
 * Reading a built-in schedule's label gives that schedule back. Throws a RangeError that says what was expected.
 */
export const parseSchedule = (text: string): Schedule => {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot read schedule "${text}": ${problem}`);
  };
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) return fail(`"${text.slice(from).trim()}" is neither a name, a number nor one of ( ) , ×`);
    tokens.push(match[0].trim());
  }
  let at = 0;
  const next = (expected: string): string => tokens[at++] ?? fail(`it ends where ${expected} should be`);

  const argument = (): Argument => {
    const token = tokens[at] ?? fail('it ends within its brackets');
    if (/^[-+.\d]/.test(token)) return { number: Number(next('a number')) };
    if (!(token in MAKERS) && freezeForms.some((form) => form === token)) return { word: next('a word') };
    return { schedule: factors() };
  };
  const single = (): Schedule => {
    const name = next('a schedule');
    const maker = MAKERS[name];
    if (/^[-+.\d]/.test(name)) return fail(`a number that stays is written constant(${name})`);
    if (maker === undefined)
      return fail(`unknown schedule "${name}": did you mean "${closest(name, NAMES)}"? (one of ${NAMES.join(', ')})`);
    const args: Argument[] = [];
    if (tokens[at] === '(') {
      do {
        at++;
        args.push(argument());
      } while (tokens[at] === ',');
      if (next('a closing bracket') !== ')') fail('a closing bracket is missing');
    }
    return maker.make(args) ?? fail(`it must be written ${maker.usage}`);
  };
  const factors = (): Schedule => {
    const found = [single()];
    while (tokens[at] === '×' || tokens[at] === '*') {
      at++;
      found.push(single());
    }
    const [only] = found;
    return found.length === 1 && only !== undefined ? only : product(...found);
  };
  const result = factors();
  if (at < tokens.length) fail(`"${tokens[at]}" is not expected`);
  return result;
};
