import {
  add,
  inPlace,
  mul,
  type NodeTerm,
  nodeSum,
  ones,
  readSource,
  scope,
  stack,
  type Tensor,
} from '../tensor/index.js';
import type { Branch } from './primitive.js';

/** One summand of a node: a branch and its operation's weight. */
export interface Term {
  readonly branch: Branch;
  readonly weight: Tensor | 1;
}

const value = ({ branch: { raw, norm }, weight }: Term): Tensor => {
  if (norm !== undefined) return norm.apply(raw, weight === 1 ? undefined : weight);
  return weight === 1 ? raw : mul(raw, weight);
};

/** A branch as the fused sum takes it; what a plain operation made is measured here. */
const nodeTerm = ({ branch: { raw, norm, moments } }: Term): NodeTerm => {
  const state = norm?.state();
  if (moments !== undefined || state === undefined) return { raw, moments, gamma: state?.gamma, beta: state?.beta };
  const [[reading] = []] = readSource([raw], [{ reads: { kind: 'self' }, norm: state }]);
  return { raw, ...reading, gamma: state.gamma, beta: state.beta };
};

/** The node's epilogue in one pass over its branches forward and one backward; undefined where there is nothing to normalise. */
const fusedSum = (terms: readonly Term[], training: boolean): Tensor | undefined => {
  if (terms.every(({ branch: { norm, moments } }) => norm === undefined && moments === undefined)) return undefined;
  return scope(() =>
    nodeSum(terms.map(nodeTerm), {
      weights: terms.every(({ weight }) => weight === 1)
        ? ones([terms.length])
        : stack(terms.map(({ weight }) => (weight === 1 ? ones([]) : weight))),
      ofBatch: training,
    }),
  );
};

/**
 * The value of a node: Σ weight · BN(raw) over its branches (paper, eq 5 and 6), undefined where there is no branch. Term by term it is the readable definition
 * of what is fused: one running sum, and no normalised or weighted copy outlives its addition. `training`: batch norms use the batch's statistics.
 */
export const sumBranches = (
  terms: readonly Term[],
  { fused, training }: { fused: boolean; training: boolean },
): Tensor | undefined => {
  const [first, second, ...rest] = terms;
  if (first === undefined) return undefined;
  const whole = fused ? fusedSum(terms, training) : undefined;
  if (whole !== undefined) return whole;
  if (second === undefined) return value(first);
  // The first sum makes a tensor of our own, which the others may change in place: no operation needs the old sum for its gradient.
  const sum = scope(() => add(value(first), value(second)));
  for (const term of rest)
    scope(() => {
      inPlace.add(sum, value(term));
    });
  return sum;
};
