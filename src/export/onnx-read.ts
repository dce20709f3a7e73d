import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValue } from './onnx-model.js';
import { ATTRIBUTE, TYPE_CODES } from './onnx-write.js';

/** A field of a message as it stands in the file: a whole number, or bytes that mean what the field says. */
type Field = number | Uint8Array;

const fail = (rule: string): never => {
  throw new TypeError(`Cannot read ONNX: ${rule}`);
};

/** The fields of a message by number, each with all its values in order. */
const fieldsOf = (bytes: Uint8Array): ((field: number) => readonly Field[]) => {
  const reader = new BinaryReader(bytes);
  const found = new Map<number, Field[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const value =
      type === WireType.Varint
        ? Number(reader.int64())
        : type === WireType.LengthDelimited
          ? reader.bytes()
          : type === WireType.Bit32
            ? reader.float()
            : fail(`field ${field} is of wire type ${type}, which none of ours has`);
    const before = found.get(field);
    if (before === undefined) found.set(field, [value]);
    else before.push(value);
  }
  return (field) => found.get(field) ?? [];
};

const bytesOf = (value: Field | undefined): Uint8Array =>
  value instanceof Uint8Array ? value : fail('a message is missing, or is a number');
const intOf = (value: Field | undefined): number =>
  typeof value === 'number' ? value : fail('a number is missing, or is a message');
const textOf = (value: Field | undefined): string => new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(value));

const typeOf = (code: number): OnnxType => {
  if (code === TYPE_CODES.float32) return 'float32';
  if (code === TYPE_CODES.int64) return 'int64';
  return code === TYPE_CODES.bool ? 'bool' : fail(`element type ${code} is none of ours`);
};

const attributeOf = (bytes: Uint8Array): [string, OnnxAttribute] => {
  const at = fieldsOf(bytes);
  const name = textOf(at(1)[0]);
  const type = intOf(at(20)[0]);
  if (type === ATTRIBUTE.int) return [name, intOf(at(3)[0])];
  if (type === ATTRIBUTE.ints) return [name, at(8).map(intOf)];
  if (type === ATTRIBUTE.float) return [name, { float: intOf(at(2)[0]) }];
  return fail(`attribute ${name} is of type ${type}, which none of ours is`);
};

const nodeOf = (bytes: Uint8Array): OnnxNode => {
  const at = fieldsOf(bytes);
  return {
    op: textOf(at(4)[0]),
    inputs: at(1).map(textOf),
    outputs: at(2).map(textOf),
    attributes: Object.fromEntries(at(5).map((each) => attributeOf(bytesOf(each)))),
  };
};

const tensorOf = (bytes: Uint8Array): OnnxTensor => {
  const at = fieldsOf(bytes);
  return {
    name: textOf(at(8)[0]),
    type: typeOf(intOf(at(2)[0])),
    shape: at(1).map(intOf),
    bytes: bytesOf(at(9)[0]),
  };
};

const ioOf = (bytes: Uint8Array): OnnxValue => {
  const at = fieldsOf(bytes);
  const type = fieldsOf(bytesOf(fieldsOf(bytesOf(at(2)[0]))(1)[0]));
  const sizes = fieldsOf(bytesOf(type(2)[0]))(1).map((each) => fieldsOf(bytesOf(each)));
  return {
    name: textOf(at(1)[0]),
    type: typeOf(intOf(type(1)[0])),
    shape: sizes.map((size) => (size(1).length > 0 ? intOf(size(1)[0]) : textOf(size(2)[0]))),
  };
};

/** Reads an ONNX file of what `toOnnxBytes` writes. Throws a TypeError that says what is wrong with other bytes. */
export const readOnnx = (bytes: Uint8Array): OnnxModel => {
  const at = fieldsOf(bytes);
  const graph = fieldsOf(bytesOf(at(7)[0]));
  const set = fieldsOf(bytesOf(at(8)[0]));
  const entries = at(14).map((each) => fieldsOf(bytesOf(each)));
  return {
    irVersion: intOf(at(1)[0]),
    opset: intOf(set(2)[0]),
    producer: { name: textOf(at(2)[0]), version: textOf(at(3)[0]) },
    metadata: Object.fromEntries(entries.map((entry) => [textOf(entry(1)[0]), textOf(entry(2)[0])])),
    name: textOf(graph(2)[0]),
    nodes: graph(1).map((each) => nodeOf(bytesOf(each))),
    constants: graph(5).map((each) => tensorOf(bytesOf(each))),
    inputs: graph(11).map((each) => ioOf(bytesOf(each))),
    outputs: graph(12).map((each) => ioOf(bytesOf(each))),
  };
};
