import type { Data } from '../tensor/index.js';
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxType } from './onnx-model.js';
import type { Traced } from './record.js';

/** A graph under construction: nodes and constants get their names here. */
export interface GraphBuilder {
  /** Adds an operator; returns the name of its result. */
  node(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string;
  /** The name of whole numbers that an operator takes as a tensor: sizes, axes. */
  ints(values: readonly number[]): string;
  /** The name of a float constant; `name` says what it is. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[], name?: string): string;
  /** The name of a tensor of the pass. A constant is written once, under the name of its weight where it has one. */
  value(traced: Traced): string;
  /** Says what a tensor of the pass is called. */
  set(traced: Traced, name: string): void;
  /** Names of results that are zero everywhere. */
  readonly zeros: Set<string>;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
}

/**
 * Values that are the same for one image and for many except for the size of the batch, with the place of that size.
 */
export interface PerBatch {
  readonly axis: number;
}

const elements = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const float32 = ({ dtype, data }: Traced): Float32Array => {
  if (data instanceof Float32Array) return data;
  if (dtype === 'float64' && data instanceof Float64Array) return Float32Array.from(data);
  throw new TypeError(`Cannot export to ONNX: a constant must be float32, int64 or bool, got ${dtype}`);
};

const typed = (traced: Traced): { type: OnnxType; data: Data } => {
  const { dtype, data } = traced;
  if (dtype === 'int64' && data instanceof BigInt64Array) return { type: 'int64', data };
  if (dtype === 'bool' && data instanceof Uint8Array) return { type: 'bool', data };
  return { type: 'float32', data: float32(traced) };
};

/** `names`: of the weights, by id. `batchOf`: the place of the batch in a constant that is made for its size. */
export const graphBuilder = ({
  names,
  input,
  batchOf,
}: {
  names: ReadonlyMap<number, string>;
  input: string;
  batchOf: (traced: Traced) => PerBatch | undefined;
}): GraphBuilder => {
  const nodes: OnnxNode[] = [];
  const constants: OnnxTensor[] = [];
  const values = new Map<number, string>();
  const written = new Map<string, string>();
  const taken = new Set<string>([input]);
  let batch: string | undefined;

  const unique = (base: string): string => {
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
    taken.add(name);
    return name;
  };
  const count = new Map<string, number>();
  const node: GraphBuilder['node'] = (op, inputs, attributes = {}) => {
    const n = count.get(op) ?? 0;
    count.set(op, n + 1);
    const name = unique(`${op.toLowerCase()}_${n}`);
    nodes.push({ op, inputs, outputs: [name], attributes });
    return name;
  };
  const constant = (of: Omit<OnnxTensor, 'name'>, base: string): string => {
    const name = unique(base);
    constants.push({ ...of, name });
    return name;
  };
  const once = (key: string, make: () => string): string => {
    const name = written.get(key) ?? make();
    written.set(key, name);
    return name;
  };
  const ints: GraphBuilder['ints'] = (list) =>
    once(`ints ${list.join()}`, () => {
      const bytes = elements(BigInt64Array.from(list, (n) => BigInt(n)));
      return constant({ type: 'int64', shape: [list.length], bytes }, `ints_${written.size}`);
    });
  const floats: GraphBuilder['floats'] = (list, shape, base) => {
    const write = (): string =>
      constant(
        { type: 'float32', shape, bytes: elements(Float32Array.from(list)) },
        base ?? `constant_${written.size}`,
      );
    return base === undefined && list.length === 1 ? once(`float ${list[0]} ${shape.join()}`, write) : write();
  };
  /** A constant of one entry along the batch, repeated for as many images as there are. */
  const repeated = (traced: Traced, { axis }: PerBatch): string => {
    const { type, data } = typed(traced);
    const shape = traced.shape.with(axis, 1);
    const [images = 0] = [traced.shape[axis]];
    const inner = traced.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const kept = data.filter((_: number | bigint, i: number) => Math.floor(i / inner) % images === 0);
    const one = constant({ type, shape, bytes: elements(kept) }, `constant_${constants.length}`);
    batch ??= node('Slice', [node('Shape', [input]), ints([0]), ints([1])]);
    const sizes = shape.map((_, i) => (i === axis ? batch : undefined) ?? ints([1]));
    return node('Expand', [one, shape.length === 1 ? batch : node('Concat', sizes, { axis: 0 })]);
  };
  const value: GraphBuilder['value'] = (traced) => {
    const known = values.get(traced.id);
    if (known !== undefined) return known;
    if (traced.data === undefined) throw new Error('Cannot export to ONNX: a tensor is used that no operator made');
    const perBatch = batchOf(traced);
    const { type, data } = typed(traced);
    const name =
      perBatch === undefined
        ? constant(
            { type, shape: traced.shape, bytes: elements(data) },
            names.get(traced.id) ?? `constant_${constants.length}`,
          )
        : repeated(traced, perBatch);
    values.set(traced.id, name);
    return name;
  };
  const set: GraphBuilder['set'] = ({ id }, name) => void values.set(id, name);
  return { node, ints, floats, value, set, zeros: new Set(), nodes, constants };
};
