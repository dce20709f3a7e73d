import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValue } from './onnx-model.js';

// Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

/** TensorProto.DataType. */
export const TYPE_CODES: Readonly<Record<OnnxType, number>> = { float32: 1, int64: 7, bool: 9 };
/** AttributeProto.AttributeType. */
export const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const;

type Fill = (writer: BinaryWriter) => unknown;

const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const int = (writer: BinaryWriter, field: number, value: number): BinaryWriter =>
  writer.tag(field, WireType.Varint).int64(value);
const message = (writer: BinaryWriter, field: number, fill: Fill): BinaryWriter => {
  writer.tag(field, WireType.LengthDelimited).fork();
  fill(writer);
  return writer.join();
};

const attribute =
  (name: string, value: OnnxAttribute): Fill =>
  (writer) => {
    text(writer, 1, name);
    if (typeof value === 'number') int(int(writer, 3, value), 20, ATTRIBUTE.int);
    else if ('float' in value) {
      writer.tag(2, WireType.Bit32).float(value.float);
      int(writer, 20, ATTRIBUTE.float);
    } else {
      for (const item of value) int(writer, 8, item);
      int(writer, 20, ATTRIBUTE.ints);
    }
  };

const node =
  ({ op, inputs, outputs, attributes }: OnnxNode): Fill =>
  (writer) => {
    for (const input of inputs) text(writer, 1, input);
    for (const output of outputs) text(writer, 2, output);
    text(writer, 3, outputs[0] ?? op);
    text(writer, 4, op);
    for (const [name, value] of Object.entries(attributes)) message(writer, 5, attribute(name, value));
  };

const tensor =
  ({ name, type, shape, bytes }: OnnxTensor): Fill =>
  (writer) => {
    for (const size of shape) int(writer, 1, size);
    int(writer, 2, TYPE_CODES[type]);
    text(writer, 8, name);
    writer.tag(9, WireType.LengthDelimited).bytes(bytes);
  };

const value =
  ({ name, type, shape }: OnnxValue): Fill =>
  (writer) => {
    text(writer, 1, name);
    const sizes: Fill = (w) => {
      for (const size of shape)
        message(w, 1, (dim) => (typeof size === 'number' ? int(dim, 1, size) : text(dim, 2, size)));
    };
    message(writer, 2, (w) => message(w, 1, (kind) => message(int(kind, 1, TYPE_CODES[type]), 2, sizes)));
  };

const entry =
  ([key, content]: readonly [string, string]): Fill =>
  (writer) =>
    text(text(writer, 1, key), 2, content);

/** The bytes of an ONNX file. The same model gives the same bytes. */
export const toOnnxBytes = (model: OnnxModel): Uint8Array => {
  const writer = new BinaryWriter();
  int(writer, 1, model.irVersion);
  text(writer, 2, model.producer.name);
  text(writer, 3, model.producer.version);
  message(writer, 7, (graph) => {
    for (const each of model.nodes) message(graph, 1, node(each));
    text(graph, 2, model.name);
    for (const each of model.constants) message(graph, 5, tensor(each));
    for (const each of model.inputs) message(graph, 11, value(each));
    for (const each of model.outputs) message(graph, 12, value(each));
  });
  message(writer, 8, (set) => int(text(set, 1, ''), 2, model.opset));
  for (const each of Object.entries(model.metadata)) message(writer, 14, entry(each));
  return writer.finish();
};
