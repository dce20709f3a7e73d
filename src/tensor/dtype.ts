/** Element types, in libtorch's numbering, with the typed array that holds each and its safetensors name. */
const table = {
  uint8: { code: 0, array: Uint8Array, safetensors: 'U8' },
  int8: { code: 1, array: Int8Array, safetensors: 'I8' },
  int16: { code: 2, array: Int16Array, safetensors: 'I16' },
  int32: { code: 3, array: Int32Array, safetensors: 'I32' },
  int64: { code: 4, array: BigInt64Array, safetensors: 'I64' },
  /** JavaScript has no half floats: their bits come as unsigned 16-bit numbers. */
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

/** The element type that a typed array holds. Plain 16-bit words are refused: they could be either half format. */
export const dtypeOfArray = (data: Data): Dtype => {
  if (data instanceof Uint16Array) throw new TypeError('Cannot make tensor: give the dtype of 16-bit words');
  const dtype = dtypes.find((name) => name !== 'bool' && data instanceof table[name].array);
  if (dtype === undefined) throw new TypeError(`Cannot make tensor: unsupported array ${data.constructor.name}`);
  return dtype;
};
