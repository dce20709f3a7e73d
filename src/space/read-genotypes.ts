import { z } from 'zod';
import type { CellGenotype, Genotypes } from './genotype.js';
import { derivedPlan } from './plan.js';
import type { Primitive } from './primitive.js';

const cell = z.object({
  nodes: z.array(z.array(z.object({ op: z.string(), from: z.number() }))),
  concat: z.array(z.number()),
});
const genotype = z.object({ normal: cell.exactOptional(), reduction: cell.exactOptional() });
const content = z.record(z.string(), genotype);

const BACKBONE = 'backbone';
const HEADS: readonly string[] = ['instance', 'class'];

/**
 * Reads genotypes from JSON: those of a network by component, as a run's genotype.json has them, or one alone, which is
 * the backbone's. `from` says in errors where the JSON is from. Throws a RangeError that names the component, the cell
 * and the node with an operation that is neither registered nor among `primitives`, without edges, or with a state that
 * does not exist, and a cell or a head that is missing.
 */
export const readGenotypes = (
  json: unknown,
  { from, primitives }: { readonly from: string; readonly primitives?: readonly Primitive[] },
): Genotypes => {
  const fail = (problem: string): never => {
    throw new RangeError(`Cannot read genotype from ${from}: ${problem}`);
  };
  const check = (where: string, { nodes, concat }: CellGenotype): void => {
    if (nodes.length === 0) fail(`${where} must have at least 1 node, it has none`);
    for (const [i, edges] of nodes.entries())
      if (edges.length === 0) fail(`${where}: node ${i} must have at least 1 edge, it has none`);
    try {
      derivedPlan({ nodes, concat }, { primitives });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      fail(`${where}: ${error.message.replace(/^Cannot [^:]*: /, '')}`);
    }
  };
  const alone = typeof json === 'object' && json !== null && ('normal' in json || 'reduction' in json);
  const { data, error } = content.safeParse(alone ? { [BACKBONE]: json } : json);
  if (data === undefined) {
    const { path = [], message = 'it is wrong' } = error.issues[0] ?? {};
    return fail(path.length === 0 ? `it must be an object of genotypes by component` : `${path.join('.')}: ${message}`);
  }
  const found: Genotypes = data;
  if (found[BACKBONE] === undefined)
    fail(`the ${BACKBONE} is missing, it has ${Object.keys(found).join(', ') || 'nothing'}`);
  const heads = HEADS.filter((head) => found[head] !== undefined);
  for (const head of heads.length > 0 ? HEADS : [])
    if (found[head]?.normal === undefined)
      fail(found[head] === undefined ? `the head "${head}" is missing` : `the head "${head}" has no normal cell`);
  for (const [component, cells] of Object.entries(found)) {
    const kinds = Object.entries(cells);
    if (kinds.length === 0) fail(`the ${component} has no cell`);
    for (const [kind, each] of kinds) check(`${component}, ${kind} cell`, each);
  }
  return found;
};
