import { add, full, inPlace, like, mul, noGrad, ones, scope, stack, type Tensor } from '../tensor/index.js';
import { type NodeTerm, nodeSum, readSource } from './fused.js';
import type { Branch, Mode } from './run-stages.js';

/** One summand of a node: a branch and the weight of its operation. */
export interface Term {
  readonly branch: Branch;
  /** A scalar. */
  readonly weight: Tensor | 1;
  /** Whether drop-path leaves it alone. */
  readonly identity?: boolean;
}

/** Draws which images of a batch keep a path: [batch, 1, 1, 1] of 0 and 1, with probability `keep` of a 1. */
export type DropMask = (like: { readonly batch: number; readonly keep: number; readonly x: Tensor }) => Tensor;

/** How a node is summed. */
export interface NodeMode extends Mode {
  /** Whether batch norms use the batch's statistics, and paths are dropped with probability `pass.knobs.dropPath`. */
  readonly training: boolean;
  /** From `rng` unless said. */
  readonly mask?: DropMask | undefined;
}

const value = ({ branch: { raw, norm }, weight }: Term, { pass }: Mode): Tensor => {
  if (norm !== undefined) return norm.apply(raw, pass, weight === 1 ? undefined : weight);
  return weight === 1 ? raw : mul(raw, weight);
};

/** A branch as the fused sum takes it; what a plain operation made is measured here. */
const nodeTerm = ({ branch: { raw, norm, moments, relu } }: Term, { pass }: Mode): NodeTerm => {
  const state = norm?.state(pass);
  if (moments !== undefined || state === undefined)
    return { raw, moments, relu, gamma: state?.gamma, beta: state?.beta };
  const [[reading] = []] = readSource([raw], [{ reads: { kind: 'self' }, norm: state }]);
  return { raw, ...reading, gamma: state.gamma, beta: state.beta };
};

/** The node in one pass over its branches forward and one backward; undefined where there is nothing to normalise. */
const fusedSum = (terms: readonly Term[], mode: NodeMode): Tensor | undefined => {
  if (terms.every(({ branch: { norm, moments } }) => norm === undefined && moments === undefined)) return undefined;
  return scope(() =>
    nodeSum(
      terms.map((term) => nodeTerm(term, mode)),
      {
        weights: terms.every(({ weight }) => weight === 1)
          ? ones([terms.length])
          : stack(terms.map(({ weight }) => (weight === 1 ? ones([]) : weight))),
        ofBatch: mode.training,
      },
    ),
  );
};

/** Σ over the terms, none of them dropped. */
const wholeSum = (terms: readonly Term[], mode: NodeMode): Tensor | undefined => {
  const [first, second, ...rest] = terms;
  if (first === undefined) return undefined;
  const whole = mode.fused ? fusedSum(terms, mode) : undefined;
  if (whole !== undefined) return whole;
  if (second === undefined) return value(first, mode);
  // The first sum makes a tensor of our own, which the others may change in place: no operation needs the old sum for
  // its gradient.
  const sum = scope(() => add(value(first, mode), value(second, mode)));
  for (const term of rest)
    scope(() => {
      inPlace.add(sum, value(term, mode));
    });
  return sum;
};

const bernoulli: DropMask = ({ batch, keep, x }) => {
  const mask = full([batch, 1, 1, 1], 0, like(x));
  inPlace.bernoulli(mask, keep);
  return mask;
};

/** Drop-path: a term reaches an image with probability 1 − p, and then counts 1 / (1 − p). An identity reaches all. */
const droppedSum = (terms: readonly Term[], mode: NodeMode, p: number): Tensor | undefined => {
  if (!(p < 1)) throw new RangeError(`Cannot drop paths: dropPath must be in [0, 1), got ${p}`);
  const keep = 1 - p;
  let sum: Tensor | undefined;
  for (const term of terms.filter(({ identity }) => !identity)) {
    const before = sum;
    sum = scope(() => {
      const x = wholeSum([term], mode);
      if (x === undefined) return before;
      const mask = (mode.mask ?? bernoulli)({ batch: x.shape[0] ?? 0, keep, x });
      noGrad(() => inPlace.mul(mask, 1 / keep));
      if (before === undefined) return mul(x, mask);
      inPlace.addcmul(before, x, mask);
      return before;
    });
  }
  const rest = wholeSum(
    terms.filter(({ identity }) => identity),
    mode,
  );
  if (sum === undefined || rest === undefined) return sum ?? rest;
  inPlace.add(sum, rest);
  return sum;
};

/**
 * The value of a node: Σ weight · BN(raw) over its branches (paper, eq 5 and 6), undefined where there is no branch.
 * Term by term it is the readable definition of what is fused: one running sum, and no normalised or weighted copy
 * outlives its addition.
 */
export const sumBranches = (terms: readonly Term[], mode: NodeMode): Tensor | undefined => {
  const p = mode.training ? (mode.pass.knobs['dropPath'] ?? 0) : 0;
  return p > 0 ? droppedSum(terms, mode, p) : wholeSum(terms, mode);
};
