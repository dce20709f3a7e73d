/** A NumPy array in a pickle: bytes in the order of its first axis. */
export interface PickledArray {
  readonly shape: readonly number[];
  /** NumPy's spelling: `u1`, `i8`. */
  readonly dtype: string;
  readonly bytes: Buffer;
}

/** What a pickle may hold here; texts and bytes of Python 2 look the same, so both are bytes. */
export type Pickled =
  | null
  | number
  | boolean
  | Buffer
  | readonly Pickled[]
  | ReadonlyMap<string, Pickled>
  | { readonly array: PickledArray };

/** Thrown on what is no such pickle, or would run code. */
export class PickleError extends Error {
  override readonly name = 'PickleError';
}

type Item = Pickled | { readonly global: string } | { readonly dtype: string } | Item[] | Map<string, Pickled>;

const ARRAY = /^numpy(\._?core|\.core)\.multiarray _reconstruct$/;

/** Whether a value is one of those that a pickle may hold in the end. */
const isPlain = (item: Item | undefined): item is Pickled =>
  item !== undefined &&
  (item === null ||
    typeof item !== 'object' ||
    Buffer.isBuffer(item) ||
    item instanceof Map ||
    (Array.isArray(item) ? item.every(isPlain) : 'array' in item));

const text = (item: Item | undefined): string => {
  if (Buffer.isBuffer(item)) return item.toString('utf8');
  throw new PickleError('a name is no text');
};

/** What the few functions make that such files call; any other is refused, none is run. */
const called = (callee: Item | undefined, args: Item | undefined): Item => {
  const name = callee !== null && typeof callee === 'object' && 'global' in callee ? callee.global : '';
  const [first, second] = Array.isArray(args) ? args : [];
  if (ARRAY.test(name)) return { array: { shape: [], dtype: '', bytes: Buffer.alloc(0) } };
  if (name === 'numpy dtype') return { dtype: text(first) };
  // Bytes of Python 3 in an old protocol: characters below 256.
  if (name === '_codecs encode' && text(second) === 'latin1') return Buffer.from(text(first), 'latin1');
  throw new PickleError(`it calls ${name || 'something'}, which is not run`);
};

/** Gives an array its content: (version, shape, dtype, whether the last axis comes last, bytes). */
const build = (target: Item | undefined, state: Item | undefined): void => {
  if (target === undefined || target === null || typeof target !== 'object') throw new PickleError('it sets nothing');
  if ('dtype' in target) return; // byte order and the like: bytes have none
  if (!('array' in target) || !Array.isArray(state)) throw new PickleError('it sets the state of an unknown object');
  const [, shape, dtype, fortran, bytes] = state;
  const sizes = Array.isArray(shape) ? shape.map(Number) : [];
  const kind =
    dtype !== undefined && dtype !== null && typeof dtype === 'object' && 'dtype' in dtype ? dtype.dtype : '';
  if (fortran !== false || !Buffer.isBuffer(bytes)) throw new PickleError('an array is not in C order');
  Object.assign(target, { array: { shape: sizes, dtype: kind, bytes } });
};

/**
 * Reads what Python's `pickle` wrote, without running anything: numbers, texts, lists, dictionaries and NumPy arrays.
 * Throws a PickleError on all else.
 */
export const readPickle = (bytes: Buffer): Pickled => {
  let at = 0;
  const stack: Item[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Item>();
  const take = (n: number): Buffer => {
    if (n < 0 || at + n > bytes.length) throw new PickleError('it is cut short');
    at += n;
    return bytes.subarray(at - n, at);
  };
  const u8 = (): number => take(1).readUInt8();
  const u32 = (): number => take(4).readUInt32LE();
  const u64 = (): number => Number(take(8).readBigUInt64LE());
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end === -1) throw new PickleError('it is cut short');
    const found = bytes.toString('utf8', at, end);
    at = end + 1;
    return found;
  };
  const pop = (): Item => {
    const item = stack.pop();
    if (item === undefined) throw new PickleError('its stack is empty');
    return item;
  };
  const sinceMark = (): Item[] => stack.splice(marks.pop() ?? Number.POSITIVE_INFINITY);
  const remember = (place: number): void => void memo.set(place, stack.at(-1) ?? null);
  const recall = (place: number): void => void stack.push(memo.get(place) ?? null);
  const append = (items: Item[]): void => {
    const list = stack.at(-1);
    if (!Array.isArray(list)) throw new PickleError('it appends to no list');
    for (const item of items) list.push(item);
  };
  const set = (items: Item[]): void => {
    const target = stack.at(-1);
    if (!(target instanceof Map)) throw new PickleError('it sets an entry of no dictionary');
    for (let i = 0; i + 1 < items.length; i += 2) {
      const value = items[i + 1];
      if (!isPlain(value)) throw new PickleError('an entry is no plain value');
      target.set(text(items[i]), value);
    }
  };
  const tuple = (n: number): void => void stack.push(stack.splice(Math.max(0, stack.length - n)));
  const READ: Readonly<Record<number, () => void>> = {
    128: () => void u8(), // PROTO
    149: () => void u64(), // FRAME
    125: () => void stack.push(new Map<string, Pickled>()),
    93: () => void stack.push([]),
    41: () => void stack.push([]),
    40: () => void marks.push(stack.length),
    113: () => remember(u8()),
    114: () => remember(u32()),
    148: () => remember(memo.size),
    104: () => recall(u8()),
    106: () => recall(u32()),
    85: () => void stack.push(take(u8())),
    84: () => void stack.push(take(u32())),
    88: () => void stack.push(take(u32())),
    140: () => void stack.push(take(u8())),
    67: () => void stack.push(take(u8())),
    66: () => void stack.push(take(u32())),
    142: () => void stack.push(take(u64())),
    75: () => void stack.push(u8()),
    77: () => void stack.push(take(2).readUInt16LE()),
    74: () => void stack.push(take(4).readInt32LE()),
    78: () => void stack.push(null),
    136: () => void stack.push(true),
    137: () => void stack.push(false),
    71: () => void stack.push(take(8).readDoubleBE()),
    99: () => void stack.push({ global: `${line()} ${line()}` }),
    147: () => {
      const name = text(pop());
      stack.push({ global: `${text(pop())} ${name}` });
    },
    133: () => tuple(1),
    134: () => tuple(2),
    135: () => tuple(3),
    116: () => void stack.push(sinceMark()),
    82: () => {
      const args = pop();
      stack.push(called(pop(), args));
    },
    98: () => {
      const state = pop();
      build(stack.at(-1), state);
    },
    97: () => append([pop()]),
    101: () => append(sinceMark()),
    115: () => {
      const value = pop();
      set([pop(), value]);
    },
    117: () => set(sinceMark()),
  };
  for (;;) {
    const code = u8();
    if (code === 46) break; // STOP
    const read = READ[code];
    if (read === undefined) throw new PickleError(`it has an instruction (${code}) that such files need not have`);
    read();
  }
  const result = pop();
  if (!isPlain(result)) throw new PickleError('it holds no plain value');
  return result;
};
