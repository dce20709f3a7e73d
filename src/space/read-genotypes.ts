import { z } from 'zod';
import { fromDartsSpelling } from './darts-spelling.js';
import type { CellGenotype, Genotypes } from './genotype.js';
import { type CellKind, derivedPlan } from './plan.js';
import type { Primitive } from './primitive.js';
import { none } from './primitives.js';

const cell = z.object({
  nodes: z.array(z.array(z.object({ op: z.string(), from: z.number() }))),
  concat: z.array(z.number()),
});
const genotype = z.strictObject({ normal: cell.exactOptional(), reduction: cell.exactOptional() });
/** Genotypes by component as JSON has them: of the right shape, of whatever operations. */
export const genotypesShape = z.record(z.string(), genotype);
const kinds = ['normal', 'reduction'] as const satisfies readonly CellKind[];

const FORM =
  '{"normal": {"nodes": [[{"op": "sep_conv_3x3", "from": 0}, {"op": "skip_connect", "from": 1}]], "concat": [2]}, ' +
  '"reduction": …}, or {"backbone": …} with one of these per component; or as DARTS prints it, two edges per node: ' +
  '{"normal": [["sep_conv_3x3", 0], ["skip_connect", 1]], "normal_concat": [2], "reduce": …, "reduce_concat": …}';
const BACKBONE = 'backbone';
const HEADS: readonly string[] = ['instance', 'class'];
const COMPONENTS: readonly string[] = [BACKBONE, ...HEADS];

/** Whether the output of a cell depends on its inputs: over operations that are not all `none`. */
const computes = ({ nodes, concat }: CellGenotype): boolean => {
  const alive = new Set([0, 1]);
  for (const [i, edges] of nodes.entries())
    if (edges.some(({ op, from }) => op !== none.name && alive.has(from))) alive.add(i + 2);
  return concat.some((state) => alive.has(state));
};

const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Genotypes of components in our spelling, as far as the JSON is of a shape that has them; else the JSON as it is. */
const byComponent = (json: unknown): unknown => {
  if (!isRecord(json)) return json;
  const alone = kinds.some((kind) => kind in json) || 'reduce' in json;
  const parts = Object.entries(alone ? { [BACKBONE]: json } : json);
  return Object.fromEntries(parts.map(([name, part]) => [name, fromDartsSpelling(part) ?? part]));
};

/**
 * Reads genotypes from JSON: those of a network by component, as a run's genotype.json has them, or one alone, which is
 * the backbone's; in our spelling or in that of DARTS' code. `from` says in errors where the JSON is from. Throws a
 * RangeError when a cell or a head is missing, and when a node has no edges, an unknown state, or an operation that is
 * neither registered nor among `primitives`. It names the component, the cell and the node.
 */
export const readGenotypes = (
  json: unknown,
  { from, primitives }: { readonly from: string; readonly primitives?: readonly Primitive[] },
): Genotypes => {
  const fail = (problem: string, remedy = 'correct it there'): never => {
    throw new RangeError(`Cannot read genotype from ${from}: ${problem}; ${remedy}`);
  };
  const check = (where: string, { nodes, concat, kind }: CellGenotype & { readonly kind: CellKind }): void => {
    if (nodes.length === 0) fail(`${where} must have at least 1 node, it has none`);
    for (const [i, edges] of nodes.entries())
      if (edges.length === 0) fail(`${where}: node ${i} must have at least 1 edge, it has none`);
    try {
      derivedPlan({ nodes, concat }, { primitives, kind });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      fail(`${where}: ${error.message.replace(/^Cannot [^:]*: /, '')}`);
    }
    if (!computes({ nodes, concat })) fail(`${where}: its output must depend on its inputs, every way there is none`);
  };
  const { data, error } = genotypesShape.safeParse(byComponent(json));
  if (data === undefined) {
    const { path = [], message = 'it is wrong' } = error.issues[0] ?? {};
    const problem =
      path.length === 0 ? 'it must be an object of genotypes by component' : `${path.join('.')}: ${message}`;
    return fail(problem, `it must be ${FORM}`);
  }
  const found: Genotypes = data;
  if (found[BACKBONE] === undefined)
    fail(`the ${BACKBONE} is missing, it has ${Object.keys(found).join(', ') || 'nothing'}`);
  const other = Object.keys(found).find((name) => !COMPONENTS.includes(name));
  if (other !== undefined) fail(`unknown component "${other}", a network may have ${COMPONENTS.join(', ')}`);
  const heads = HEADS.filter((head) => found[head] !== undefined);
  for (const head of heads.length > 0 ? HEADS : [])
    if (found[head]?.normal === undefined)
      fail(found[head] === undefined ? `the head "${head}" is missing` : `the head "${head}" has no normal cell`);
  for (const [component, cells] of Object.entries(found)) {
    const there = kinds.flatMap((kind) => (cells[kind] === undefined ? [] : [{ kind, ...cells[kind] }]));
    if (there.length === 0) fail(`the ${component} has no cell`);
    for (const each of there) check(`${component}, ${each.kind} cell`, each);
  }
  return found;
};
