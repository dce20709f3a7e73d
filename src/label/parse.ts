/** Something by its spelling: `ldam(0.5, 30)`, `constant(0.02) × cosine(1, 0)`. A product has the name `×`. */
export interface Label {
  readonly name: string;
  readonly args: readonly Argument[];
}

export type Argument = number | Label;

const TOKEN = /\s*(?:([A-Za-z][\w-]*)|([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)|([(),×*+]))/y;
const PRODUCT = '×';

/** A schedule, an augmentation. */
export const one = (what: string): string => `${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}`;

const isNumber = (token: string): boolean => /^[-+]?[.\d]/.test(token);

/**
 * Reads labels with + between them. A label is a name, perhaps with arguments in brackets, each a number or a label; a
 * product of labels is written with × or *. `what` is said in errors: `schedule`, `loss`. Throws a RangeError that
 * says what was expected.
 */
export const parseLabels = (text: string, { what }: { what: string }): Label[] => {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot read ${what} "${text}": ${problem}`);
  };
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) return fail(`"${text.slice(from).trim()}" is neither a name, a number nor one of ( ) , × +`);
    tokens.push(match[0].trim());
  }
  let at = 0;
  const next = (expected: string): string => tokens[at++] ?? fail(`it ends where ${expected} should be`);

  const argument = (): Argument => {
    const token = tokens[at] ?? fail('it ends within its brackets');
    return isNumber(token) ? Number(next('a number')) : factors();
  };
  const single = (): Label => {
    const name = next(one(what));
    if (isNumber(name)) return fail(`a number that stays is written constant(${name})`);
    if (!/^[A-Za-z]/.test(name)) return fail(`"${name}" is not expected`);
    const args: Argument[] = [];
    if (tokens[at] === '(') {
      do {
        at++;
        args.push(argument());
      } while (tokens[at] === ',');
      if (next('a closing bracket') !== ')') fail('a closing bracket is missing');
    }
    return { name, args };
  };
  const factors = (): Label => {
    const first = single();
    const rest: Label[] = [];
    while (tokens[at] === PRODUCT || tokens[at] === '*') {
      at++;
      rest.push(single());
    }
    return rest.length === 0 ? first : { name: PRODUCT, args: [first, ...rest] };
  };
  const found = [factors()];
  while (tokens[at] === '+') {
    at++;
    found.push(factors());
  }
  if (at < tokens.length) fail(`"${tokens[at]}" is not expected`);
  return found;
};

/** Reads one label; see `parseLabels`. */
export const parseLabel = (text: string, options: { what: string }): Label => {
  const [label, more] = parseLabels(text, options);
  if (label === undefined || more !== undefined)
    throw new RangeError(`Cannot read ${options.what} "${text}": there must be one, got several with + between them`);
  return label;
};

/** The spelling of a label: what `parseLabel` reads. */
export const spell = (argument: Argument): string => {
  if (typeof argument === 'number') return String(argument);
  const { name, args } = argument;
  if (name === PRODUCT) return args.map(spell).join(` ${PRODUCT} `);
  return args.length === 0 ? name : `${name}(${args.map(spell).join(', ')})`;
};
