import { readFile, writeFile } from 'node:fs/promises';
import { type Dtype, dtypeCode, dtypeOfSafetensors, safetensorsName, widthOf } from './dtype.js';
import { native } from './native.js';
import { Tensor } from './tensor.js';

/** Named tensors with string metadata: what a safetensors file holds. */
export interface TensorFile {
  /** By name, each of the shape that the file says. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const ALIGNMENT = 8;
const MAX_HEADER = 100_000_000;

const fail = (rule: string): never => {
  throw new TypeError(`Cannot read safetensors: ${rule}`);
};

/**
 * The bytes of a safetensors file, as chunks to be written one after the other: an 8-byte header length, a JSON header,
 * and the tensors' bytes (https://huggingface.co/docs/safetensors). The same tensors give the same bytes.
 */
export const toSafetensors = (
  tensors: Readonly<Record<string, Tensor>>,
  { metadata = {} }: { metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array[] => {
  // A map, because a plain object would take a tensor named "__proto__" for its prototype.
  const header = new Map<string, unknown>([['__metadata__', metadata]]);
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, t] of Object.entries(tensors)) {
    if (name === '__metadata__')
      throw new TypeError('Cannot write safetensors: a tensor cannot be named "__metadata__"');
    const bytes = new Uint8Array(native().toBytes(t.handle));
    const place = [offset, offset + bytes.length];
    header.set(name, { dtype: safetensorsName(t.dtype), shape: t.shape, data_offsets: place });
    chunks.push(bytes);
    offset += bytes.length;
  }
  return [headOf(Object.fromEntries(header)), ...chunks];
};

const headOf = (header: Readonly<Record<string, unknown>>): Uint8Array => {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, 8);
  return head;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

/** The JSON header of a safetensors file, and where the tensors' bytes begin. */
const parseHeader = (bytes: Uint8Array): { header: Record<string, unknown>; start: number } => {
  if (bytes.length < 8) return fail(`the file must have at least 8 bytes, has ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > Math.min(MAX_HEADER, bytes.length - 8))
    return fail(`the header says ${length} bytes, ${bytes.length - 8} follow`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    return fail('the header is not JSON');
  }
  return isRecord(header) ? { header, start: 8 + length } : fail('the header is not an object');
};

const metadataOf = (entry: unknown): Record<string, string> => {
  if (entry === undefined) return {};
  if (!isRecord(entry)) return fail('the entry "__metadata__" is not an object');
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, String(value)]));
};

/** The metadata of a safetensors file alone: no tensor is made. Throws a TypeError as `parseSafetensors` does. */
export const readMetadata = (bytes: Uint8Array): Readonly<Record<string, string>> =>
  metadataOf(parseHeader(bytes).header['__metadata__']);

/** A safetensors file, in chunks of which the first has the header, with more metadata, or other of the same name. */
export const withMetadata = (
  [first = new Uint8Array(), ...chunks]: readonly Uint8Array[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] => {
  const { header, start } = parseHeader(first);
  const head = headOf({ ...header, __metadata__: { ...metadataOf(header['__metadata__']), ...metadata } });
  return [head, first.subarray(start), ...chunks];
};

/** Reads the bytes of a safetensors file. Throws a TypeError that says what is wrong with damaged bytes. */
export const parseSafetensors = (bytes: Uint8Array): TensorFile => {
  const { header, start } = parseHeader(bytes);
  const data = bytes.subarray(start);
  const metadata = metadataOf(header['__metadata__']);
  const entries: { name: string; dtype: Dtype; shape: number[]; from: number; to: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!isRecord(entry)) return fail(`the entry "${name}" is not an object`);
    const { dtype, shape, data_offsets: offsets } = entry;
    if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets))
      return fail(`the entry "${name}" is incomplete`);
    entries.push({ name, dtype: dtypeOfSafetensors(dtype), shape, from: offsets[0] ?? -1, to: offsets[1] ?? -1 });
  }
  // Other writers list tensors by name, not by place: only the places must follow one another.
  entries.sort((a, b) => a.from - b.from || a.to - b.to);
  let expected = 0;
  for (const { name, dtype, shape, from, to } of entries) {
    if (from !== expected || to < from || to > data.length)
      return fail(`"${name}" lies at bytes ${from} to ${to}, expected from ${expected} and at most to ${data.length}`);
    const size = shape.reduce((a, b) => a * b, widthOf(dtype));
    if (size !== to - from)
      return fail(`"${name}" must have ${size} bytes for its shape [${shape.join(', ')}], has ${to - from}`);
    // An empty tensor too has strides, which must not overflow.
    if (!Number.isSafeInteger(shape.reduce((a, b) => a * Math.max(b, 1), 1)))
      return fail(`"${name}" is too large: its shape is [${shape.join(', ')}]`);
    expected = to;
  }
  if (expected !== data.length) return fail(`${data.length - expected} bytes at the end belong to no tensor`);
  for (const { name, dtype, from, to } of entries)
    if (dtype === 'bool' && data.subarray(from, to).some((byte) => byte > 1))
      return fail(`"${name}" is bool: its bytes must be 0 or 1`);
  // A copy: the bytes of a tensor need not be aligned in the file.
  const tensors = entries.map(({ name, dtype, shape, from, to }): [string, Tensor] => [
    name,
    new Tensor(native().fromBytes(data.slice(from, to), dtypeCode(dtype), shape)),
  ]);
  return { tensors: Object.fromEntries(tensors), metadata };
};

export const writeSafetensors = (
  file: string,
  tensors: Readonly<Record<string, Tensor>>,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Promise<void> => writeFile(file, toSafetensors(tensors, options));

export const readSafetensors = async (file: string): Promise<TensorFile> => parseSafetensors(await readFile(file));
