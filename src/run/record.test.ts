import { describe, expect, it } from 'vitest';
import { printCell } from './print-cell.js';
import { cellGenotype, genotypes, runInfo } from './record.js';

const info = {
  format: 1,
  name: 'darts',
  recipe: {
    name: 'darts',
    label: 'DARTS',
    paper: null,
    method: { label: 'DARTS', streams: ['instance'], mixing: null, archLr: {} },
    loss: 'cross-entropy',
    settings: { epochs: 50 },
    switches: {},
    phases: [],
    later: ['cosine', null],
  },
  overrides: {},
  seed: 0,
  data: {
    spec: 'a',
    name: 'a',
    fingerprint: 'f',
    classes: ['x'],
    counts: { train: [3], valid: [1], test: [1] },
    ratio: 100,
  },
  versions: { tailnas: '0.1.0' },
  device: 'cpu',
  threads: 2,
  command: ['tailnas', 'search'],
  startedAt: '2026-01-02T03:04:05.000Z',
};

describe('runInfo', () => {
  it('keeps what it does not know about the data and the recipe', () => {
    expect(runInfo.parse(info)).toEqual(info);
  });

  it('refuses another format, and recipe values that JSON would lose', () => {
    expect(runInfo.safeParse({ ...info, format: 2 }).success).toBe(false);
    expect(runInfo.safeParse({ ...info, recipe: { ...info.recipe, later: () => 1 } }).success).toBe(false);
    expect(runInfo.safeParse({ ...info, overrides: { lr: Number.NaN } }).success).toBe(false);
  });
});

describe('genotypes', () => {
  const cell = { nodes: [[{ op: 'skip_connect', from: 0 }]], concat: [2] };

  it('allows a component with one kind of cell, but no undefined in place of the other', () => {
    expect(genotypes.parse({ backbone: { normal: cell } })).toEqual({ backbone: { normal: cell } });
    expect(genotypes.safeParse({ backbone: { normal: cell, reduction: undefined } }).success).toBe(false);
  });

  it('are printed with the names that their pictures have', () => {
    const nodes = [
      [
        { op: 'skip_connect', from: 1 },
        { op: 'max_pool_3x3', from: 0 },
      ],
      [
        { op: 'avg_pool_3x3', from: 1 },
        { op: 'skip_connect', from: 2 },
      ],
    ];
    expect(printCell({ nodes, concat: [2, 3] })).toBe(
      '0 = skip_connect(c_k-1) + max_pool_3x3(c_k-2); 1 = avg_pool_3x3(c_k-1) + skip_connect(0); out = 0, 1',
    );
  });

  it('refuses an edge from a node that cannot be', () => {
    expect(cellGenotype.safeParse({ ...cell, nodes: [[{ op: 'none', from: -1 }]] }).success).toBe(false);
    expect(cellGenotype.safeParse({ ...cell, nodes: [[{ op: 'none', from: 0.5 }]] }).success).toBe(false);
  });
});
