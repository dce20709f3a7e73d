import type { Arg } from './operator.js';
import { Tensor } from './tensor.js';

/** A call of an operator as it was made. */
export interface TracedCall {
  /** As libtorch spells it: `aten::conv2d`. */
  readonly name: string;
  /** In the order of the operator's schema; what is left out takes the schema's default. */
  readonly args: readonly Arg[];
  /** In the order of the schema, of whatever shapes they have. */
  readonly results: readonly Tensor[];
}

let recorder: ((call: TracedCall) => void) | undefined;

/** Whether calls are being recorded. Networks then run plain operators, since a fused one hides its parts. */
export const tracing = (): boolean => recorder !== undefined;

/** Tells who records, if anyone does, of a call. `value` is what it returned. */
export const recordCall = (name: string, args: readonly Arg[], value: unknown): void => {
  if (recorder === undefined) return;
  const results = (Array.isArray(value) ? value : [value]).filter((item) => item instanceof Tensor);
  recorder({ name, args, results });
};

/**
 * Runs `body` and gives `onCall` each operator that it calls, in order, right after the call: its tensors may be
 * released soon. A tensor keeps its handle for as long as it lives, and no other ever has it.
 */
export const trace = <T>(body: () => T, onCall: (call: TracedCall) => void): T => {
  const before = recorder;
  recorder = onCall;
  try {
    return body();
  } finally {
    recorder = before;
  }
};
