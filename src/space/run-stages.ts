import { type BatchNorm, type Pass, requireSeveral, type Store } from '../nn/index.js';
import {
  avgPool2d,
  cat,
  conv2d,
  maxPool2d,
  narrow,
  relu,
  scope,
  type Tensor,
  tracing,
  zeroPad,
} from '../tensor/index.js';
import { type Reader, type Reading, type Reads, readSource, strideOf } from './fused.js';
import type { Stage, Work } from './primitive.js';

// Stages are data; here they are run, in one way or the other. Plain: operator by operator, which is their definition.
// Fused: all operations that leave a state read it in one pass of the kernels.

/** What a cell gives to the next: one tensor, or several side by side. Each: [batch, channels, h, w] */
export type Features = readonly Tensor[];

/** Features in one tensor. */
export const joined = (features: Features): Tensor => {
  const [only, ...more] = features;
  return only !== undefined && more.length === 0 ? only : cat(features, { dim: 1 });
};

/**
 * What an operation gives to its node: its tensor *before* the last batch norm, and that norm. The node normalises,
 * weights and sums all its branches in one place, so neither a normalised nor a weighted copy of a branch need be kept.
 */
export interface Branch {
  /** [batch, channels, h / stride, w / stride] */
  readonly raw: Tensor;
  readonly norm?: BatchNorm | undefined;
  /** The statistics of `raw`, where it is a fused reading: [3, channels]. */
  readonly moments?: Tensor;
  /** Whether the ReLU of `raw` is what the operation gives, where it is a fused reading. */
  readonly relu?: boolean;
}

/** How the operations of a pass are run. */
export interface Mode {
  readonly fused: boolean;
  readonly pass: Pass;
}

/** How the operations of a component are run: fused where the kernels can, unless they are traced. */
export const modeOf = (store: Store, pass: Pass): Mode => ({ fused: store.root.fused && !tracing(), pass });

/** A state of a cell during one pass, and the operations that leave it. */
export interface Source {
  /** [batch, channels, h, w] */
  readonly x: Tensor;
  /** What an operation makes of the state. */
  branch(stages: readonly Stage[]): Branch;
  /**
   * What is computed once for several operations, [batch, channels, h, w]: it must outlive the node that asked first.
   */
  readonly shared: ReadonlyMap<unknown, Tensor>;
  /** Releases the readings that were given away: what the backward pass needs, autograd keeps. */
  release(): void;
}

/** A value as plain operations see it: what several of them need is computed once. */
interface PlainSource {
  readonly x: Tensor;
  /** ReLU of x: nearly every work starts with it. */
  readonly relu: Tensor;
  /** ReLU of x from its second row and column on. */
  readonly shifted: Tensor;
  once(key: unknown, make: () => Tensor): Tensor;
  readonly shared: ReadonlyMap<unknown, Tensor>;
}

const plainSource = (make: () => Tensor): PlainSource => {
  const shared = new Map<unknown, Tensor>();
  const once = (key: unknown, of: () => Tensor): Tensor => {
    const value = shared.get(key) ?? of();
    shared.set(key, value);
    return value;
  };
  const source: PlainSource = {
    get x() {
      return once('x', make);
    },
    // The result is all that the backward pass needs: unless x itself is asked for, it goes at once.
    get relu() {
      return once('relu', () => (shared.has('x') ? relu(source.x) : scope(() => relu(make()))));
    },
    get shifted() {
      return once('shifted', () => shiftByOne(source.relu));
    },
    once,
    shared,
  };
  return source;
};

/** x from its second row and column on; an odd image gets zeros at its end, so that both halves have the same size. */
const shiftByOne = (x: Tensor): Tensor => {
  const [, , h = 0, w = 0] = x.shape;
  const padded = h % 2 === 1 || w % 2 === 1 ? zeroPad(x, { right: w % 2, bottom: h % 2 }) : x;
  return narrow(narrow(padded, 2, 1, h - 1 + (h % 2)), 3, 1, w - 1 + (w % 2));
};

const plainWork = (work: Work, source: PlainSource): Tensor => {
  switch (work.kind) {
    case 'separable': {
      const { depthwise, pointwise, stride, dilation } = work;
      const [groups = 1, , kernel = 1] = depthwise.value.shape;
      const padding = (dilation * (kernel - 1)) / 2;
      return conv2d(conv2d(source.relu, depthwise.value, { stride, padding, dilation, groups }), pointwise.value);
    }
    case 'dense': {
      const { weight, stride, dilation } = work;
      const padding = (dilation * ((weight.value.shape[2] ?? 1) - 1)) / 2;
      return conv2d(source.relu, weight.value, { stride, padding, dilation });
    }
    case 'pointwise':
      return conv2d(source.relu, work.weight.value);
    case 'reduction': {
      const [first, second] = work.weights;
      const { relu: x, shifted } = source;
      return cat([conv2d(x, first.value, { stride: 2 }), conv2d(shifted, second.value, { stride: 2 })], { dim: 1 });
    }
    case 'max':
      return maxPool2d(source.x, { kernel: 3, stride: work.stride, padding: 1 });
    case 'avg':
      return avgPool2d(source.x, { kernel: 3, stride: work.stride, padding: 1 });
    case 'self':
      return source.x;
    case 'relu':
      return source.relu;
    case 'custom':
      void source.x; // before its ReLU, so that a norm in front is applied once
      return work.run(source);
  }
};

const normalised = ({ raw, norm }: Branch, pass: Pass): Tensor => (norm === undefined ? raw : norm.apply(raw, pass));

const plainStage = ({ work, norm }: Stage, source: PlainSource, pass: Pass): Branch => {
  if (work.kind !== 'max' && work.kind !== 'avg') return { raw: plainWork(work, source), norm };
  // Shared, and normalised here: each node that did it would move the running statistics once more.
  return { raw: source.once(work, () => normalised({ raw: plainWork(work, source), norm }, pass)) };
};

const plainBranch = ([first, ...more]: readonly Stage[], source: PlainSource, pass: Pass): Branch => {
  if (first === undefined) throw new Error('Cannot run operation: it has no stage');
  return more.reduce(
    (before, stage) =>
      plainStage(
        stage,
        plainSource(() => normalised(before, pass)),
        pass,
      ),
    plainStage(first, source, pass),
  );
};

interface FusedStage extends Stage {
  readonly work: Reads;
}

const RELU_FIRST: readonly string[] = ['separable', 'dense', 'pointwise', 'reduction'] satisfies Reads['kind'][];

/** Whether the kernels can run an operation. Behind a norm they read only what starts with a ReLU. */
const fusible = (stages: readonly Stage[]): stages is readonly FusedStage[] => {
  const [first, ...more] = stages;
  return (
    first?.work.kind !== 'custom' &&
    more.every(({ work }) => RELU_FIRST.includes(work.kind)) &&
    stages.slice(0, -1).every(({ norm }) => norm !== undefined)
  );
};

/** Throws a RangeError where a reading that its batch normalises has one value per channel. Returns the readers. */
const several = ([x]: Features, readers: readonly Reader[]): readonly Reader[] => {
  const [batch = 0, channels = 0, height = 0, width = 0] = x?.shape ?? [];
  for (const { reads, norm } of readers) {
    const stride = strideOf(reads);
    if (norm?.ofBatch) requireSeveral([batch, channels, Math.ceil(height / stride), Math.ceil(width / stride)]);
  }
  return readers;
};

/** Opens a state: `leaving` are the operations that will ask for their branch. */
export const openSource = (
  features: Features,
  leaving: readonly (readonly Stage[])[],
  { fused, pass }: Mode,
): Source => {
  const plain = plainSource(() => joined(features));
  const reader = ({ work, norm }: FusedStage) => ({ reads: work, norm: norm?.state(pass) });
  // What is shared is one stage, asked for by several: it is read once, and each gets a copy.
  const copies = new Map<FusedStage, number>();
  for (const stages of fused ? leaving : []) {
    const [first] = fusible(stages) ? stages : [];
    if (first !== undefined) copies.set(first, (copies.get(first) ?? 0) + 1);
  }
  const readings =
    copies.size === 0
      ? []
      : readSource(
          features,
          several(
            features,
            [...copies].map(([s, n]) => ({ ...reader(s), copies: n })),
          ),
        );
  const waiting = new Map([...copies.keys()].map((stage, i) => [stage, readings[i] ?? []]));
  const given: Reading[] = [];

  const fusedBranch = ([first, ...more]: readonly FusedStage[]): Branch => {
    let reading = first && waiting.get(first)?.shift();
    if (first === undefined || reading === undefined)
      throw new Error('Cannot run operation: it is not among those that leave the state');
    given.push(reading);
    let { norm } = first;
    for (const stage of more) {
      const after = norm && { moments: reading.moments, norm: norm.state(pass) };
      const [[next] = []]: Reading[][] = readSource(
        [reading.raw],
        several([reading.raw], [reader(stage)]),
        after && { after },
      );
      if (next === undefined) throw new Error('Cannot run operation: the kernels gave no reading');
      reading = next;
      norm = stage.norm;
    }
    return { ...reading, norm };
  };

  return {
    get x() {
      return plain.x;
    },
    branch: (stages) => (fused && fusible(stages) ? fusedBranch(stages) : plainBranch(stages, plain, pass)),
    shared: plain.shared,
    release: () => {
      for (const { raw, moments } of given.splice(0)) {
        raw.dispose();
        moments.dispose();
      }
    },
  };
};
