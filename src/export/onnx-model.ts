// The part of ONNX (https://onnx.ai/onnx/repo-docs/IR.html) that networks need, as plain data.

/** Element types that are written. */
export type OnnxType = 'float32' | 'int64' | 'bool';

/** A constant of a graph: a weight, or the sizes that an operator takes as a tensor. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
  /** Little-endian, in row-major order. */
  readonly bytes: Uint8Array;
}

/** An attribute: a number is an integer, unless it says that it is a float. */
export type OnnxAttribute = number | readonly number[] | { readonly float: number };

/** An operator with its inputs; an empty name is an input that is left out. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of a graph; a size that is a word is free. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

/** What an ONNX file holds. */
export interface OnnxModel {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: { readonly name: string; readonly version: string };
  readonly metadata: Readonly<Record<string, string>>;
  readonly name: string;
  /** In an order in which each finds its inputs. */
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/**
 * The operator set and file version that are written: the operators of networks are unchanged from there on, and
 * readers as old as ONNX Runtime 1.13 know them.
 */
export const OPSET = 17;
export const IR_VERSION = 8;
