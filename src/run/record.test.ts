import { describe, expect, it } from 'vitest';
import { printCell } from './print-cell.js';
import { cellGenotype, epochRecord, genotypes, runInfo } from './record.js';

const info = {
  format: 2,
  name: 'darts',
  experiment: {
    kind: 'search',
    name: 'darts',
    label: 'DARTS',
    paper: null,
    method: 'DARTS',
    options: { epochs: 50 },
    streams: [{ part: 'train', sampling: 'instance' }],
    space: { name: 'darts', primitives: ['none'], later: 1 },
    network: null,
    phases: [{ name: 'search', epochs: 50, knobs: {}, frozen: [], stop: 'never' }],
    later: ['cosine', null],
  },
  overrides: {},
  changes: {},
  seed: 0,
  data: {
    spec: 'a',
    name: 'a',
    fingerprint: 'f',
    classes: ['x'],
    counts: { train: [3], valid: [1], test: [1] },
    channels: 3,
    imageSize: 32,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
    fit: null,
    ratio: 100,
  },
  versions: { tailnas: '0.1.0' },
  host: null,
  device: 'cpu',
  threads: 2,
  command: ['tailnas', 'search'],
  startedAt: '2026-01-02T03:04:05.000Z',
};

describe('runInfo', () => {
  it('keeps what it does not know about the data and the experiment', () => {
    expect(runInfo.parse(info)).toEqual(info);
  });

  it('refuses another format, and values that JSON would lose', () => {
    expect(runInfo.safeParse({ ...info, format: 3 }).success).toBe(false);
    const experiment = { ...info.experiment, later: () => 1 };
    expect(runInfo.safeParse({ ...info, experiment }).success).toBe(false);
    expect(runInfo.safeParse({ ...info, overrides: { lr: Number.NaN } }).success).toBe(false);
  });
});

describe('epochRecord', () => {
  it('takes an epoch of a training without validation, alpha or genotype, and keeps keys of a learner’s own', () => {
    const record = {
      kind: 'train',
      phase: 'train',
      epoch: 0,
      t: 0,
      knobs: { weightLr: 0.025 },
      trainLoss: 1,
      trainAccuracy: 0.5,
      validLoss: null,
      validAccuracy: null,
      perClassAccuracy: null,
      answers: null,
      gradNorm: { weights: { backbone: 1 } },
      seconds: 1,
      imagesPerSecond: 1,
      peakMemoryBytes: 1,
      population: [3, 1],
    };
    expect(epochRecord.parse(record)).toEqual(record);
    expect(epochRecord.safeParse({ ...record, knobs: undefined }).success).toBe(false);
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
