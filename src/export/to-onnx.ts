import type { Tensor } from '../tensor/index.js';
import { scope, zeros } from '../tensor/index.js';
import { type GraphBuilder, graphBuilder, type PerBatch } from './graph.js';
import { greyOf } from './grey.js';
import { IR_VERSION, type OnnxModel, type OnnxNode, OPSET } from './onnx-model.js';
import { BATCH, type CallArg, write } from './operators.js';
import { type RecordedCall, type Recording, record, type Traced, type TracedArg } from './record.js';

/** A network as it is to be written. */
export interface OnnxSource {
  /** Logits of normalised images. [batch, channels, size, size] → [batch, classes] */
  readonly answer: (images: Tensor) => Tensor;
  readonly channels: number;
  readonly imageSize: number;
  /** Names of weights and buffers. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Put into the graph, so that it takes pixels in 0…1; without it, it takes normalised images. */
  readonly normalise?: { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined;
  /** Whether a network of one channel takes images of three, and makes them grey itself. No unless said. */
  readonly rgb?: boolean | undefined;
  readonly input: string;
  readonly output: string;
  readonly name: string;
  readonly producer: OnnxModel['producer'];
  readonly metadata: OnnxModel['metadata'];
}

/** Numbers of images of the two passes that are recorded: what differs between them follows the batch. */
const [FEW, MORE] = [2, 3];

/** An argument of one call in both passes. */
const merged = (arg: TracedArg, other: TracedArg, { name }: RecordedCall): CallArg => {
  if (typeof arg === 'object' && arg !== null) {
    if (!Array.isArray(arg) || !Array.isArray(other)) return arg;
    if (!arg.some((item, i) => typeof item === 'number' && item !== other[i])) return arg;
    return arg.map((item, i) => {
      if (typeof item !== 'number') throw new Error(`Cannot export to ONNX: ${name} has tensors beside numbers`);
      return item === FEW && other[i] === MORE ? BATCH : item;
    });
  }
  if (arg !== other)
    throw new RangeError(
      `Cannot export to ONNX: ${name} must do the same for any number of images, one of its arguments is ${arg} ` +
        `for ${FEW} images and ${other} for ${MORE}`,
    );
  return arg;
};

/** The tensors that calls take and give, in order. */
const tensorsOf = ({ args, results }: RecordedCall): Traced[] => [
  ...args.flatMap((arg) => {
    if (typeof arg !== 'object' || arg === null) return [];
    if (!Array.isArray(arg)) return 'id' in arg ? [arg] : [];
    return arg.flatMap((item) => (typeof item === 'object' && item !== null ? [item] : []));
  }),
  ...results,
];

/** Which constants of the first pass are made for its number of images. */
const perBatch = (few: Recording, more: Recording): ReadonlyMap<number, PerBatch> => {
  const found = new Map<number, PerBatch>();
  const theirs = more.calls.flatMap(tensorsOf);
  for (const [i, { id, shape, data }] of few.calls.flatMap(tensorsOf).entries()) {
    const axis = shape.findIndex((size, d) => size !== theirs[i]?.shape[d]);
    if (data !== undefined && axis >= 0) found.set(id, { axis });
  }
  return found;
};

/** Leaves out what no output depends on. */
const needed = ({ nodes, constants }: Pick<GraphBuilder, 'nodes' | 'constants'>, output: string) => {
  const used = new Set([output]);
  const kept: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => used.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) used.add(name);
  }
  return { nodes: kept.reverse(), constants: constants.filter(({ name }) => used.has(name)) };
};

/**
 * Writes a network as an ONNX graph: the operators that its answer runs in a test, one by one. The batch is free, the
 * image size fixed. Throws a RangeError that names an operator which cannot be written.
 */
export const toOnnx = (source: OnnxSource): OnnxModel => {
  const { answer, channels, imageSize, weights, normalise, rgb = false, input, output } = source;
  const passes = [FEW, MORE].map((images) =>
    scope(() => {
      const blank = zeros([images, channels, imageSize, imageSize]);
      return record(blank, () => answer(blank));
    }),
  );
  const [few, more] = passes;
  if (few === undefined || more === undefined) throw new Error('Cannot export to ONNX: no pass was recorded');
  const same = few.calls.length === more.calls.length && few.calls.every(({ name }, i) => name === more.calls[i]?.name);
  if (!same) throw new RangeError('Cannot export to ONNX: a network must do the same for any number of images');
  const batches = perBatch(few, more);
  const graph = graphBuilder({
    names: new Map([...weights].map(([name, { handle }]) => [handle, name])),
    input,
    batchOf: ({ id }) => batches.get(id),
  });
  const pixels = rgb ? greyOf(graph, input) : input;
  graph.set(few.input, normalise === undefined ? pixels : normalised(graph, pixels, normalise));
  for (const [i, call] of few.calls.entries()) {
    const [result, ...others] = call.results;
    if (result === undefined || others.length > 0)
      throw new RangeError(`Cannot export to ONNX: ${call.name} must give one tensor, it gives ${call.results.length}`);
    const other = more.calls[i]?.args ?? [];
    write({ name: call.name, args: call.args.map((arg, j) => merged(arg, other[j], call)), result, graph });
  }
  const end = graph.value(few.output);
  // An output has a name of its own, so it must be an operator's result.
  const last = graph.nodes.some(({ outputs }) => outputs.includes(end)) ? end : graph.node('Identity', [end]);
  const kept = needed(graph, last);
  const renamed = (names: readonly string[]) => names.map((name) => (name === last ? output : name));
  return {
    irVersion: IR_VERSION,
    opset: OPSET,
    producer: source.producer,
    metadata: source.metadata,
    name: source.name,
    nodes: kept.nodes.map((node) => ({ ...node, inputs: renamed(node.inputs), outputs: renamed(node.outputs) })),
    constants: kept.constants,
    inputs: [{ name: input, type: 'float32', shape: ['batch', rgb ? 3 : channels, imageSize, imageSize] }],
    outputs: [{ name: output, type: 'float32', shape: ['batch', ...few.output.shape.slice(1)] }],
  };
};

/** (x − mean) / std */
const normalised = (
  graph: GraphBuilder,
  input: string,
  { mean, std }: { readonly mean: readonly number[]; readonly std: readonly number[] },
): string => {
  const shape = [1, mean.length, 1, 1];
  return graph.node('Div', [
    graph.node('Sub', [input, graph.floats(mean, shape, 'mean')]),
    graph.floats(std, shape, 'std'),
  ]);
};
