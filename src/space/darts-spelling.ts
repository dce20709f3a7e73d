import { z } from 'zod';
import type { Genotype } from './genotype.js';

const PER_NODE = 2;

const edges = z.array(z.tuple([z.string(), z.number()])).refine((pairs) => pairs.length % PER_NODE === 0);
const spelled = z.strictObject({
  normal: edges,
  normal_concat: z.array(z.number()),
  reduce: edges.exactOptional(),
  reduce_concat: z.array(z.number()).exactOptional(),
});
type Edges = z.infer<typeof edges>;

const cell = (pairs: Edges, concat: readonly number[]) => ({
  nodes: Array.from({ length: pairs.length / PER_NODE }, (_, i) =>
    pairs.slice(PER_NODE * i, PER_NODE * (i + 1)).map(([op, from]) => ({ op, from })),
  ),
  concat,
});

/**
 * A genotype as the code of DARTS prints it: `normal` and `reduce` list pairs of an operation and a state, two per
 * node, `normal_concat` and `reduce_concat` the states of the output. Undefined for any other JSON.
 */
export const fromDartsSpelling = (json: unknown): Genotype | undefined => {
  const { data } = spelled.safeParse(json);
  if (data === undefined) return undefined;
  const { normal, normal_concat: outputs, reduce, reduce_concat: reduced } = data;
  return {
    normal: cell(normal, outputs),
    ...(reduce === undefined ? {} : { reduction: cell(reduce, reduced ?? outputs) }),
  };
};
