import { add, inPlace, mul, nodeSum, ones, type Stats, scope, stack, type Tensor } from '../tensor/index.js';
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

/** The node's epilogue in two passes over its branches, forward and backward; undefined where it must go term by term: affine norms, or no norm at all. */
const fusedSum = (terms: readonly Term[]): Tensor | undefined => {
  const normalised = terms.some(({ branch }) => branch.stats !== undefined || branch.norm !== undefined);
  if (!normalised || terms.some(({ branch }) => branch.norm?.affine)) return undefined;
  return scope(() => {
    const stats = terms.map(({ branch }): Stats | undefined => branch.stats ?? branch.norm?.stats(branch.raw));
    return nodeSum(
      terms.map(({ branch }) => branch.raw),
      {
        stats,
        weights: stack(terms.map(({ weight }) => (weight === 1 ? ones([]) : weight))),
        ofBatch: stats.some((s) => s?.ofBatch),
      },
    );
  });
};

/**
 * The value of a node: Σ weight · BN(raw) over its branches (paper, eq 5 and 6), undefined where there is no branch. Term by term it is the readable definition
 * of what is fused: one running sum, and no normalised or weighted copy outlives its addition.
 */
export const sumBranches = (terms: readonly Term[], { fused }: { fused: boolean }): Tensor | undefined => {
  const [first, second, ...rest] = terms;
  if (first === undefined) return undefined;
  const whole = fused ? fusedSum(terms) : undefined;
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
