import { add, inPlace, mul, scope, type Tensor } from '../tensor/index.js';
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

/**
 * The value of a node: Σ weight · BN(raw) over its branches (paper, eq 5 and 6). This is the readable definition of the node's epilogue:
 * one running sum (undefined where there is no branch), and no normalised or weighted copy outlives its addition.
 */
export const sumBranches = (terms: readonly Term[]): Tensor | undefined => {
  const [first, second, ...rest] = terms;
  if (first === undefined) return undefined;
  if (second === undefined) return value(first);
  // The first sum makes a tensor of our own, which the others may change in place: no operation needs the old sum for its gradient.
  const sum = scope(() => add(value(first), value(second)));
  for (const term of rest)
    scope(() => {
      inPlace.add(sum, value(term));
    });
  return sum;
};
