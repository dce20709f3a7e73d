import { describe, expect, it } from 'vitest';
import { Rng } from '../data/index.js';
import { tensor } from '../tensor/index.js';
import {
  dartsSelector,
  dartsSpace,
  type Genotypes,
  mutated,
  type Place,
  pathOf,
  randomArchitecture,
  singlePathRelaxation,
} from './index.js';

const places: Place[] = (['normal', 'reduction'] as const).map((kind) => ({
  component: 'backbone',
  kind,
  plan: dartsSpace.plan(kind, { nodes: 3 }),
}));
const rng = new Rng(1, 'architecture');
const draw = (n: number): number => rng.below(n);
const nodesOf = (genotypes: Genotypes) =>
  Object.entries(genotypes['backbone'] ?? {}).flatMap(([kind, { nodes }]) =>
    nodes.map((node, i) => ({ kind, i, node })),
  );

describe('a mutation', () => {
  it('changes one edge: its operation to another, or its input to one that its node has not', () => {
    const kinds = { op: 0, from: 0 };
    for (let n = 0; n < 400; n++) {
      const parent = randomArchitecture(places, draw);
      const child = mutated(parent, { places, draw });
      const pairs = nodesOf(parent).map(({ node, i }, j) => ({
        i,
        before: node,
        after: nodesOf(child)[j]?.node ?? [],
      }));
      const changed = pairs.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
      expect(changed).toHaveLength(1);
      const [{ i, before, after } = { i: 0, before: [], after: [] }] = changed;
      expect(new Set(after.map(({ from }) => from)).size).toBe(2);
      for (const { op, from } of after) {
        expect(op).not.toBe('none');
        expect(from).toBeLessThan(i + 2);
      }
      const left = before.filter(({ op, from }) => !after.some((own) => own.op === op && own.from === from));
      expect(left).toHaveLength(1);
      const same = (of: 'op' | 'from'): boolean =>
        String(before.map((e) => e[of]).sort()) === String(after.map((e) => e[of]).sort());
      if (same('from')) kinds.op++;
      else {
        expect(same('op')).toBe(true);
        kinds.from++;
      }
    }
    // The first node has no other input: a third of the nodes, of which half would have changed theirs.
    expect(kinds.from / 400).toBeGreaterThan(0.26);
    expect(kinds.from / 400).toBeLessThan(0.41);
  });

  it('says which cell is missing', () => {
    expect(() => mutated({}, { places, draw })).toThrow('backbone has no normal cell');
  });
});

describe('a single path', () => {
  it('runs the operations of one architecture and no others, and is read from alpha again', () => {
    for (let n = 0; n < 20; n++) {
      const cell = randomArchitecture(places, draw)['backbone']?.normal;
      const plan = places[0]?.plan;
      if (cell === undefined || plan === undefined) throw new Error('there must be a cell');
      const path = pathOf(cell, plan);
      const alpha = { ops: tensor(path) };
      const weights = singlePathRelaxation.weights(alpha, { plan, pass: { training: true, knobs: {} } });
      const on = plan.nodes.flatMap((edges, i) =>
        edges.flatMap(({ row, from, ops }) =>
          ops.flatMap(({ column, primitive: { name } }) => (weights.at(row, column) === 0 ? [] : [[i, name, from]])),
        ),
      );
      expect(on).toEqual(cell.nodes.flatMap((node, i) => node.map(({ op, from }) => [i, op, from])));
      const strengths = singlePathRelaxation.strengths(alpha, plan);
      expect(dartsSelector().select(strengths, { plan, kind: 'normal' })).toEqual(cell);
    }
  });

  it('refuses an operation that the space has not', () => {
    const [place] = places;
    if (place === undefined) throw new Error('there must be a place');
    expect(() => pathOf({ nodes: [[{ op: 'warp', from: 0 }]], concat: [2] }, place.plan)).toThrow(
      'node 0 must have warp from state 0',
    );
  });
});
