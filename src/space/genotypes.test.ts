import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dartsSpace, derivedPlan, genotypeNames, namedGenotype, randomGenotype, readGenotypes } from './index.js';

const cell = (...edges: [op: string, from: number][]) => ({
  nodes: edges.map(([op, from]) => [{ op, from }]),
  concat: edges.map((_, i) => i + 2),
});
const good = cell(['sep_conv_3x3', 0], ['skip_connect', 2]);
const read = (json: unknown) => () => readGenotypes(json, { from: 'mine.json' });

describe('published cells', () => {
  it('are known by name, and can be built and read', () => {
    expect(genotypeNames).toEqual(['darts-v1', 'darts-v2', 'pc-darts', 'p-darts', 'snas', 'gdas', 'drnas', 'nasnet-a']);
    for (const name of genotypeNames) {
      const genotype = namedGenotype(name);
      expect(read(genotype)()).toEqual({ backbone: genotype });
      for (const { nodes } of Object.values(genotype ?? {}))
        expect(nodes.map((edges) => edges.length)).toEqual(nodes.map(() => 2));
    }
    expect(namedGenotype('darts-v3')).toBeUndefined();
  });
});

describe('a random genotype', () => {
  it('has two different inputs per node, and never none', () => {
    const draws = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), draws, (nodes, numbers) => {
        const draw = (n: number) => (numbers.next().value ?? 0) % n;
        const { normal, reduction } = randomGenotype(dartsSpace, { nodes, draw });
        for (const each of [normal, reduction]) {
          expect(each?.nodes).toHaveLength(nodes);
          for (const [i, edges] of (each?.nodes ?? []).entries()) {
            expect(new Set(edges.map(({ from }) => from)).size).toBe(2);
            for (const { op, from } of edges) expect(op !== 'none' && from >= 0 && from < i + 2).toBe(true);
          }
          expect(() => each && derivedPlan(each)).not.toThrow();
        }
      }),
    );
  });

  it('reaches every operation and every input alike', () => {
    let next = 0;
    const counts = new Map<string, number>();
    for (let i = 0; i < 700; i++) {
      const { normal } = randomGenotype(dartsSpace, {
        nodes: 1,
        draw: (n) => {
          next = (next * 48271 + 11) % 2147483647;
          return next % n;
        },
      });
      for (const { op } of normal?.nodes[0] ?? []) counts.set(op, (counts.get(op) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(
      dartsSpace.primitives
        .map(({ name }) => name)
        .filter((n) => n !== 'none')
        .sort(),
    );
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(70);
  });
});

describe('genotypes in JSON', () => {
  it('are those of a network by component, or of a backbone alone', () => {
    const whole = { normal: good, reduction: good };
    expect(read(whole)()).toEqual({ backbone: whole });
    const heads = { backbone: whole, instance: { normal: good }, class: { normal: good } };
    expect(read(heads)()).toEqual(heads);
  });

  it('are read as DARTS prints them too, the published ones alike', () => {
    for (const name of genotypeNames) {
      const { normal = good, reduction = good } = namedGenotype(name) ?? {};
      const pairs = ({ nodes }: typeof normal) => nodes.flatMap((edges) => edges.map(({ op, from }) => [op, from]));
      const printed = {
        normal: pairs(normal),
        normal_concat: normal.concat,
        reduce: pairs(reduction),
        reduce_concat: reduction.concat,
      };
      expect(read(printed)()).toEqual({ backbone: { normal, reduction } });
      expect(read({ backbone: printed })()).toEqual({ backbone: { normal, reduction } });
    }
  });

  it.each<{ what: string; json: unknown }>([
    { what: 'an odd number of edges', json: { normal: [['sep_conv_3x3', 0]], normal_concat: [2] } },
    { what: 'a kind of cell that there is not', json: { normal: good, reduction: good, normall: good } },
    { what: 'a list', json: [] },
    { what: 'a list of cells', json: { normal: [good] } },
  ])('of another form are refused with the form that they should have: $what', ({ json }) => {
    expect(read(json)).toThrow(
      /^Cannot read genotype from mine\.json: .*; it must be \{"normal": .*as DARTS prints it/,
    );
  });

  it('may have an input in the output of a normal cell, and an operation none beside others', () => {
    const partly = { normal: { ...cell(['none', 0], ['skip_connect', 1]), concat: [0, 2, 3] } };
    expect(read(partly)()).toEqual({ backbone: partly });
  });

  it.each([
    [3, 'it must be an object of genotypes by component'],
    [null, 'it must be an object of genotypes by component'],
    [{}, 'the backbone is missing, it has nothing'],
    [{ class: { normal: good } }, 'the backbone is missing, it has class'],
    [{ backbone: {} }, 'the backbone has no cell'],
    [{ backbone: { normal: 3 } }, 'backbone.normal: '],
    [{ normal: { nodes: [[{ op: 'none' }]], concat: [2] } }, 'backbone.normal.nodes.0.0.from: '],
    [
      { normal: cell(['sep_conv_9x9', 0]) },
      'backbone, normal cell: unknown primitive "sep_conv_9x9": did you mean "sep_conv_',
    ],
    [{ normal: { nodes: [], concat: [0] } }, 'backbone, normal cell must have at least 1 node, it has none'],
    [
      { reduction: { ...good, nodes: [[], []] } },
      'backbone, reduction cell: node 0 must have at least 1 edge, it has none',
    ],
    [{ normal: cell(['none', 0], ['none', 3]) }, 'backbone, normal cell: node 1 must read a state from 0 to 2, got 3'],
    [
      { normal: { ...good, concat: [4] } },
      'backbone, normal cell: its output must be made of states from 0 to 3, got 4',
    ],
    [{ backbone: { normal: good }, class: { normal: good } }, 'the head "instance" is missing'],
    [
      { backbone: { normal: good }, neck: { normal: good } },
      'unknown component "neck", a network may have backbone, instance, class; correct it there',
    ],
    [
      { reduction: { ...good, concat: [0, 2, 3] } },
      'backbone, reduction cell: the output of a reduction cell must be made of its nodes, states from 2 to 3, got 0',
    ],
    [
      { normal: cell(['none', 0], ['none', 1]) },
      'backbone, normal cell: its output must depend on its inputs, every way there is none',
    ],
    [{ normal: cell(['none', 0], ['sep_conv_3x3', 2]) }, 'backbone, normal cell: its output must depend on its inputs'],
    [
      { backbone: { normal: good }, instance: { normal: good }, class: { reduction: good } },
      'the head "class" has no normal cell',
    ],
  ])('%j is refused: %s', (json, problem) => {
    expect(read(json)).toThrow(`Cannot read genotype from mine.json: ${problem}`);
  });
});
