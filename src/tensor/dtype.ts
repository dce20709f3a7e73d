import { isHalf, toHalf } from './half.js';

/** Element types, in libtorch's numbering, with the typed array that holds each and its safetensors name. */
const table = {
  uint8: { code: 0, array: Uint8Array, safetensors: 'U8' },
  int8: { code: 1, array: Int8Array, safetensors: 'I8' },
  int16: { code: 2, array: Int16Array, safetensors: 'I16' },
  int32: { code: 3, array: Int32Array, safetensors: 'I32' },
  int64: { code: 4, array: BigInt64Array, safetensors: 'I64' },
  /** JavaScript has no half floats: a typed array holds their words (`half.ts`). */
  float16: { code: 5, array: Uint16Array, safetensors: 'F16' },
  float32: { code: 6, array: Float32Array, safetensors: 'F32' },
  float64: { code: 7, array: Float64Array, safetensors: 'F64' },
  bool: { code: 11, array: Uint8Array, safetensors: 'BOOL' },
  bfloat16: { code: 15, array: Uint16Array, safetensors: 'BF16' },
} as const;

/** The name of an element type: `'float32'`, `'int64'`, … */
export type Dtype = keyof typeof table;

/** What `Tensor.data()` returns: the typed array of the element type. */
export type Data =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint16Array
  | Float32Array
  | Float64Array;

export const dtypes = Object.keys(table) as Dtype[];

/** libtorch's number of an element type. Throws a TypeError that lists the known ones. */
export const dtypeCode = (dtype: Dtype): number => {
  if (!Object.hasOwn(table, dtype))
    throw new TypeError(`Unknown dtype "${String(dtype)}": use one of ${dtypes.join(', ')}`);
  return table[dtype].code;
};

export const dtypeOfCode = (code: number): Dtype => {
  const dtype = dtypes.find((name) => table[name].code === code);
  if (dtype === undefined) throw new TypeError(`libtorch's element type number ${code} is not supported here`);
  return dtype;
};

/** A typed array over `bytes`, which must be aligned to the element's width. */
export const viewAs = (dtype: Dtype, bytes: ArrayBuffer): Data => new table[dtype].array(bytes);

/** Bytes of one element. */
export const widthOf = (dtype: Dtype): number => table[dtype].array.BYTES_PER_ELEMENT;

export const safetensorsName = (dtype: Dtype): string => table[dtype].safetensors;

export const dtypeOfSafetensors = (name: string): Dtype => {
  const dtype = dtypes.find((d) => table[d].safetensors === name);
  if (dtype === undefined) throw new TypeError(`Unknown element type "${name}" in safetensors data`);
  return dtype;
};

/** Whole numbers that an element type holds; undefined for floating point. */
const rangeOf = (dtype: Dtype): readonly [number, number] | undefined => {
  if (dtype === 'uint8') return [0, 255];
  if (!/^int/.test(dtype)) return undefined;
  const most = Math.min(2 ** (8 * widthOf(dtype) - 1), Number.MAX_SAFE_INTEGER + 1);
  return [-most, most - 1];
};

/** Numbers as elements of a type: rounded where it is floating point. Throws a TypeError on what it cannot hold. */
export const arrayOf = (numbers: readonly number[], dtype: Dtype): Data => {
  const range = rangeOf(dtype);
  const alien = range && numbers.find((n) => !Number.isInteger(n) || n < range[0] || n > range[1]);
  if (range !== undefined && alien !== undefined)
    throw new TypeError(
      `Cannot make tensor: ${dtype} holds whole numbers from ${range[0]} to ${range[1]}, got ${alien}; ` +
        'round them first, or use another dtype',
    );
  const array = viewAs(dtype, new ArrayBuffer(numbers.length * widthOf(dtype)));
  if (array instanceof BigInt64Array) array.set(numbers.map((n) => BigInt(n)));
  else if (dtype === 'bool') array.set(numbers.map((n) => (n === 0 ? 0 : 1)));
  else array.set(isHalf(dtype) ? numbers.map((n) => toHalf(n, dtype)) : numbers);
  return array;
};

/** Throws a TypeError where the bits of a typed array would be taken for another type's. */
export const requireHolds = (data: Data, dtype: Dtype): void => {
  dtypeCode(dtype);
  if (!(data instanceof table[dtype].array))
    throw new TypeError(
      `Cannot make tensor: ${dtype} must be given as a ${table[dtype].array.name}, got ${data.constructor.name}; ` +
        "make a tensor of the array's own type, and convert it with to(…)",
    );
  if (dtype === 'bool' && data.some((byte) => byte > 1))
    throw new TypeError('Cannot make tensor: bytes of bool must be 0 or 1, got another');
};

/** The element type that a typed array holds. Plain 16-bit words are refused: they could be either half format. */
export const dtypeOfArray = (data: Data): Dtype => {
  if (data instanceof Uint16Array) throw new TypeError('Cannot make tensor: give the dtype of 16-bit words');
  const dtype = dtypes.find((name) => name !== 'bool' && data instanceof table[name].array);
  if (dtype === undefined) throw new TypeError(`Cannot make tensor: unsupported array ${data.constructor.name}`);
  return dtype;
};
