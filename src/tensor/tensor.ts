/// <reference lib="esnext.disposable" preserve="true" />
import { arrayOf, type Data, type Dtype, dtypeCode, dtypeOfArray, dtypeOfCode, requireHolds, viewAs } from './dtype.js';
import { isHalf, ofHalf } from './half.js';
import { native } from './native.js';
import { optionsOf } from './options.js';
import { printed } from './print.js';

let depth = 0;

/** The net under tensors made outside every scope: when the garbage collector drops one, its memory follows. */
const forgotten = new FinalizationRegistry<number>((handle) => native().release(handle));
let watch: (t: Tensor) => void;

/**
 * A tensor of libtorch: a handle, released by the scope that made it, by `dispose()`, by `using`, or at last by the
 * garbage collector. Every operation is a function (`add(x, y)`, not a method), so that all operators, ours included,
 * are called in one way.
 */
export class Tensor implements Disposable {
  #watched = false;

  static {
    watch = (t) => {
      forgotten.register(t, t.handle, t);
      t.#watched = true;
    };
  }

  /** For operators' results; make tensors with `tensor`, `zeros` and the like. */
  constructor(readonly handle: number) {
    if (typeof handle !== 'number') throw new TypeError(`Cannot make Tensor: use tensor(…), got ${typeof handle}`);
    if (depth === 0) watch(this);
  }

  /** Sizes, outermost first; `[]` for a scalar. */
  get shape(): readonly number[] {
    return native().describe(this.handle).slice(3);
  }
  get dtype(): Dtype {
    return dtypeOfCode(native().describe(this.handle)[0] ?? -1);
  }
  get requiresGrad(): boolean {
    return native().describe(this.handle)[1] === 1;
  }
  /** Whether the channels of an image batch lie innermost in memory, which is how every network here keeps them. */
  get channelsLast(): boolean {
    return native().describe(this.handle)[2] === 1;
  }
  /** `'cpu'`, `'cuda:0'`, … */
  get device(): string {
    return native().deviceOf(this.handle);
  }
  get disposed(): boolean {
    return !native().isLive(this.handle);
  }

  /** A copy of the elements in row-major order. Half floats come as 16-bit words; `toArray` reads them. */
  data(): Data {
    return viewAs(this.dtype, native().toBytes(this.handle));
  }
  /** The elements as numbers (64-bit integers beyond 2^53 lose digits). */
  toArray(): number[] {
    const dtype = this.dtype;
    return Array.from(this.data(), isHalf(dtype) ? (word) => ofHalf(Number(word), dtype) : Number);
  }
  /** The only element. Throws when there is not exactly one. */
  item(): number {
    const data = this.toArray();
    const [value] = data;
    if (value === undefined || data.length > 1)
      throw new TypeError(`Cannot take item: the tensor must have exactly 1 element, has ${data.length}`);
    return value;
  }

  /** Lets `grad` differentiate with respect to this tensor; floating point only. Returns the tensor. */
  requireGrad(requires = true): this {
    native().setRequiresGrad(this.handle, requires);
    return this;
  }

  /** Releases the memory now. Using the tensor afterwards is an error; disposing it again is not. */
  dispose(): void {
    if (this.#watched) forgotten.unregister(this);
    native().release(this.handle);
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  /** Type, shape and values; of large tensors the ends of each dimension. */
  toString(): string {
    if (this.disposed) return 'Tensor(disposed)';
    const { dtype, shape, device } = this;
    const head = `Tensor(${dtype} [${shape.join(', ')}]${device === 'cpu' ? '' : ` ${device}`})`;
    if (device.startsWith('meta')) return head; // has no values
    const data = this.data();
    const at = (i: number) => {
      const value = data[i] ?? 0;
      if (dtype === 'bool') return value !== 0;
      return isHalf(dtype) ? ofHalf(Number(value), dtype) : value;
    };
    return `${head}${shape.length > 1 ? '\n' : ' '}${printed(shape, at)}`;
  }
  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const tensorsIn = (value: unknown, found: Tensor[] = []): Tensor[] => {
  if (value instanceof Tensor) found.push(value);
  else if (Array.isArray(value) || value instanceof Set) for (const item of value) tensorsIn(item, found);
  else if (value instanceof Map) for (const item of value.values()) tensorsIn(item, found);
  else if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    for (const item of Object.values(value)) tensorsIn(item, found);
  return found;
};

/**
 * Runs `body` and releases every tensor that it made, also when it throws. Tensors in its result (a tensor, or arrays,
 * maps and plain objects of them) pass to the scope around it. Scopes nest; `body` must be synchronous.
 */
export const scope = <T>(body: () => T): T => {
  native().beginScope();
  depth++;
  let kept: Tensor[] = [];
  try {
    const result = body();
    if (result instanceof Promise)
      throw new TypeError('Cannot run scope: its function must be synchronous, it returned a promise');
    kept = tensorsIn(result);
    return result;
  } finally {
    depth--;
    native().endScope(kept.map((t) => t.handle));
    if (depth === 0) for (const t of kept) watch(t);
  }
};

/** How many tensors are alive: the same before and after a step, or the step leaks. */
export const liveTensors = (): number => native().liveTensors();

type Nested = number | readonly Nested[];
const shapeOf = (data: Nested): number[] =>
  !Array.isArray(data) ? [] : [data.length, ...(data[0] === undefined ? [] : shapeOf(data[0]))];
const flat = (data: Nested): number[] => {
  if (typeof data === 'number') return [data];
  if (Array.isArray(data)) return data.flatMap(flat);
  throw new TypeError(`Cannot make tensor: it must be made of numbers and arrays of them, got ${String(data)}`);
};

/** Rows of different lengths can add up to a fitting number of elements: each must be looked at. */
const fits = (data: Nested, [size, ...inner]: readonly number[]): boolean =>
  typeof data === 'number' ? size === undefined : data.length === size && data.every((item) => fits(item, inner));

const known = optionsOf<{ shape?: readonly number[]; dtype?: Dtype }>({ shape: true, dtype: true });

/**
 * Makes a tensor from numbers: nested arrays (their nesting is the shape), or a typed array with `shape` (default: one
 * dimension). Nested arrays become float32 unless `dtype` says otherwise; a typed array keeps its element type. Throws
 * when the sizes do not fit, and on numbers that the element type cannot hold.
 */
export const tensor = (data: Nested | Data, options: { shape?: readonly number[]; dtype?: Dtype } = {}): Tensor => {
  const { shape, dtype } = known(options, 'make tensor');
  if (ArrayBuffer.isView(data)) {
    const own = dtype ?? dtypeOfArray(data);
    requireHolds(data, own);
    return new Tensor(native().fromBytes(data, dtypeCode(own), shape ?? [data.length]));
  }
  const own = dtype ?? 'float32';
  dtypeCode(own); // an unknown name is refused here
  const sizes = shape ?? shapeOf(data);
  const numbers = flat(data);
  if (shape === undefined && !fits(data, sizes))
    throw new TypeError(
      `Cannot make tensor: nested arrays must all have one shape, the first have [${sizes.join(', ')}]`,
    );
  if (sizes.reduce((a, b) => a * b, 1) !== numbers.length)
    throw new TypeError(`Cannot make tensor: shape [${sizes.join(', ')}] does not fit ${numbers.length} numbers`);
  return new Tensor(native().fromBytes(arrayOf(numbers, own), dtypeCode(own), sizes));
};
