import type { NormState } from '../nn/index.js';
import { cat, channelsLast, type Tensor, tensorOp, tensorsOp } from '../tensor/index.js';

// The fused operations of native/kernels: float32 images on the CPU, channels innermost. What each computes is written
// with plain operators in run-stages.ts and node.ts.

/** A weight of a reader. Parameters are weights: their value is looked up when it is read. */
interface Weight {
  /** Of the shape that its reader says. */
  readonly value: Tensor;
}

/** What is read from a state x: [batch, in, h, w] */
export type Reads =
  /** ReLU, a depthwise convolution, a 1×1 convolution. */
  | {
      readonly kind: 'separable';
      /** [in, 1, k, k], k odd */
      readonly depthwise: Weight;
      /** [out, in, 1, 1] */
      readonly pointwise: Weight;
      readonly stride: 1 | 2;
      readonly dilation: number;
    }
  /** ReLU and a whole convolution. */
  | {
      readonly kind: 'dense';
      /** [out, in, k, k], k odd */
      readonly weight: Weight;
      readonly stride: 1 | 2;
      readonly dilation: number;
    }
  /** ReLU and a 1×1 convolution. */
  | { readonly kind: 'pointwise'; readonly weight: Weight }
  /** ReLU and two 1×1 convolutions of stride 2 side by side, the second on x shifted by one pixel. */
  | { readonly kind: 'reduction'; readonly weights: readonly [Weight, Weight] }
  /** 3×3 pooling with padding 1; the mean does not count the padding. */
  | { readonly kind: 'max' | 'avg'; readonly stride: 1 | 2 }
  /** x as it is. */
  | { readonly kind: 'self' }
  /** ReLU of x. It is taken by the sum that the reading goes to, and is not stored. */
  | { readonly kind: 'relu' };

/** One reader of a state. */
export interface Reader {
  readonly reads: Reads;
  /** The batch norm that comes after it. */
  readonly norm?: NormState | undefined;
  /** How many will use the result; each gets one of its own (of the same memory). 1 unless said */
  readonly copies?: number;
}

/**
 * A result of `readSource`, before its norm, and the norm's statistics. It goes to one `nodeSum` or one `readSource`
 * and to nothing else: its gradient is finished only by the `readSource` that it came from (native/kernels/moments.h).
 */
export interface Reading {
  /** [batch, out, ⌈h / stride⌉, ⌈w / stride⌉] */
  readonly raw: Tensor;
  /** Mean, variance and 1 / √(variance + ε): [3, out]; without a norm [1, out] of zeros. */
  readonly moments: Tensor;
  /** Whether the ReLU of `raw` is the result; it goes to a `nodeSum` then. */
  readonly relu: boolean;
}

/** Whether a reading is still to be used. */
const unused = new WeakMap<Tensor, boolean>();
const use = (raw: Tensor): Tensor => {
  if (unused.get(raw) === false)
    throw new Error(
      'Cannot use a reading: it must go to one nodeSum or readSource, it went to one before; ask for copies',
    );
  if (unused.has(raw)) unused.set(raw, false);
  return raw;
};

const kinds = [
  'separable',
  'pointwise',
  'reduction',
  'max',
  'avg',
  'self',
  'dense',
  'relu',
] as const satisfies Reads['kind'][];
const weightsOf = (reads: Reads): readonly Weight[] => {
  switch (reads.kind) {
    case 'separable':
      return [reads.depthwise, reads.pointwise];
    case 'dense':
    case 'pointwise':
      return [reads.weight];
    case 'reduction':
      return reads.weights;
    default:
      return [];
  }
};
/** How many pixels apart it reads. */
export const strideOf = (reads: Reads): number =>
  'stride' in reads ? reads.stride : reads.kind === 'reduction' ? 2 : 1;
const normNumber = (norm: NormState | undefined): number => (norm === undefined ? 0 : norm.ofBatch ? 1 : 2);

const readSourceOp = tensorsOp(
  'tailnas::read_source',
  'x',
  'moments',
  'gamma',
  'beta',
  'weights',
  'running',
  'readers',
  'batch_stats',
);

/** Channels that are whole vectors in every instruction set. */
const WHOLE = 16;

/**
 * All that is read from a state, in one pass over it; a list for each reader, of its copies. x may lie in several
 * tensors side by side. `after`: x is itself a reading, and is normalised first.
 */
export const readSource = (
  x: readonly Tensor[],
  readers: readonly Reader[],
  { after }: { after?: { readonly moments: Tensor; readonly norm: NormState } } = {},
): Reading[][] => {
  const whole = x.length > 1 && x.some(({ shape: [, channels = 0] }) => channels % WHOLE !== 0);
  const results = readSourceOp(
    whole ? [channelsLast(cat(x.map(use), { dim: 1 }))] : x.map((part) => channelsLast(use(part))),
    after?.moments ?? null,
    after?.norm.gamma ?? null,
    after?.norm.beta ?? null,
    readers.flatMap(({ reads }) => weightsOf(reads).map(({ value }) => value)),
    readers.flatMap(({ norm }) => (norm === undefined ? [] : [norm.runningMean, norm.runningVar])),
    readers.flatMap(({ reads, norm, copies = 1 }) => [
      kinds.indexOf(reads.kind),
      strideOf(reads),
      'dilation' in reads ? reads.dilation : 1,
      copies,
      normNumber(norm),
    ]),
    after?.norm.ofBatch ?? false,
  );
  let next = 0;
  const take = (): Tensor => {
    const tensor = results[next++];
    if (tensor === undefined) throw new Error('Cannot read source: the engine gave too few results');
    return tensor;
  };
  const reading = ({ reads }: Reader): Reading => {
    const raw = take();
    unused.set(raw, true);
    return { raw, moments: take(), relu: reads.kind === 'relu' };
  };
  return readers.map((reader) => Array.from({ length: reader.copies ?? 1 }, () => reading(reader)));
};

/** A summand: a reading, with the gain and the bias of its norm if that has them; or any tensor, without moments. */
export interface NodeTerm {
  /** [batch, channels, h, w] */
  readonly raw: Tensor;
  /** [3, channels], as of a reading. */
  readonly moments?: Tensor | undefined;
  /** As of a reading: its ReLU is the summand. */
  readonly relu?: boolean | undefined;
  /** [channels] */
  readonly gamma?: Tensor | null | undefined;
  /** [channels] */
  readonly beta?: Tensor | null | undefined;
}

const nodeSumOp = tensorOp(
  'tailnas::node_sum',
  'raws',
  'moments',
  'gammas',
  'betas',
  'weights',
  'batch_stats',
  'relus',
);
/** Σ weights[k] · normalised term k; without moments a term counts as it is. `ofBatch`: moments are the batch's. */
export const nodeSum = (
  terms: readonly NodeTerm[],
  { weights, ofBatch }: { weights: Tensor; ofBatch: boolean },
): Tensor =>
  nodeSumOp(
    terms.map(({ raw }) => channelsLast(use(raw))),
    terms.map(({ moments }) => moments ?? null),
    terms.map(({ gamma }) => gamma ?? null),
    terms.map(({ beta }) => beta ?? null),
    weights,
    ofBatch,
    terms.map(({ relu }) => relu ?? false),
  );
