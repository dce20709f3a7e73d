import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { info as usual } from '../../test/support/run-files.js';
import { createRun, defaultRunDir, type EpochRecord, type Evaluation, openRun, type RunInfo } from './index.js';
import { sealed } from './seal.js';

// Names that are not ASCII, and a single class.
const info: RunInfo = {
  ...usual,
  experiment: {
    ...usual.experiment,
    options: { ...usual.experiment.options, epochs: 50 },
    phases: [{ name: 'recherche é', epochs: 50, knobs: { mixing: 'parabolicDecay' }, frozen: [] }],
  },
  data: { ...usual.data, classes: ['é'], counts: { train: [9], valid: [1], test: [1] } },
};
const genotype = { backbone: { normal: { nodes: [[{ op: 'sep_conv_3x3', from: 1 }]], concat: [2] } } };
const recordOf = (epoch: number): EpochRecord => ({
  kind: 'search',
  phase: 'recherche é',
  epoch,
  t: 0.5,
  knobs: { weightLr: 0.1, 'archLr.backbone': 3e-4 },
  trainLoss: 1,
  trainAccuracy: 0.5,
  validLoss: 1,
  validAccuracy: 0.5,
  perClassAccuracy: [0.5],
  answers: [{ at: { mixing: 0 }, loss: 1, accuracy: 0.5, meanPerClassAccuracy: 0.5, perClassAccuracy: [0.5] }],
  gradNorm: { weights: { backbone: 1 }, alpha: { backbone: 1 } },
  alpha: { backbone: { normal: [[0.1, -0.1]] } },
  genotype,
  seconds: 1,
  imagesPerSecond: 1,
  peakMemoryBytes: 1,
});

let base = '';
let dir = '';
let metrics = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tailnas-run-'));
  dir = join(base, 'runs', 'a');
  metrics = join(dir, 'metrics.jsonl');
});
afterEach(() => rmSync(base, { recursive: true }));

const withRecords = (count: number) => {
  const run = createRun(dir, info);
  for (let epoch = 0; epoch < count; epoch++) run.appendRecord(recordOf(epoch));
  return run;
};

describe('createRun', () => {
  it('writes what a reader then finds, also while the run continues', () => {
    const run = withRecords(2);
    const evaluation: Evaluation = {
      split: 'test',
      loss: 1,
      accuracy: 1,
      meanPerClassAccuracy: 1,
      perClassAccuracy: [1],
      confusion: [[1]],
      shots: { many: null, medium: null, few: 1 },
      ranks: { head: null, middle: 1, tail: null },
      at: {},
      answers: null,
    };
    const reader = openRun(dir);
    expect(reader.readEvaluation()).toBeUndefined();
    run.writeGenotype(genotype);
    run.writeEvaluation(evaluation);
    run.checkpoints.save({ epoch: 1, step: 9 }, [Uint8Array.of(1)]);
    expect(reader.info).toEqual(info);
    expect(reader.records()).toEqual([recordOf(0), recordOf(1)]);
    expect(reader.readGenotype()).toEqual(genotype);
    expect(reader.readEvaluation()).toEqual(evaluation);
    expect(reader.checkpoints.newest()?.position).toEqual({ epoch: 1, step: 9 });
    run.close();
  });

  it('refuses a folder that holds a run, and says how to continue it', () => {
    createRun(dir, info).close();
    expect(() => createRun(dir, info)).toThrow(`continue it with \`tailnas resume ${dir}\``);
  });

  it('refuses a folder with other content and does not touch it', () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'thesis.tex'), '');
    expect(() => createRun(dir, info)).toThrow('it holds "thesis.tex"');
    expect(readdirSync(dir)).toEqual(['thesis.tex']);
  });

  it('continues in a folder where a start was killed early', () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, '.tmp-5-run.json'), '{"form');
    writeFileSync(join(dir, 'lock-2147483646-5'), '');
    createRun(dir, info).close();
    expect(readdirSync(dir).sort()).toEqual(['checkpoints', 'metrics.jsonl', 'run.json']);
  });
});

describe('openRun', () => {
  it('tells a missing folder, another folder and a damaged run from each other', () => {
    expect(() => openRun(dir)).toThrow('the folder does not exist');
    expect(() => openRun(base)).toThrow('a run folder holds run.json, this one does not');
    createRun(dir, info).close();
    writeFileSync(join(dir, 'run.json'), '{"format": 2,');
    expect(() => openRun(dir)).toThrow('run.json is damaged: the text is not JSON');
    writeFileSync(join(dir, 'run.json'), '{"format":3,"what":"ever"}');
    expect(() => openRun(dir)).toThrow(
      `Cannot open run ${dir}: run.json must be of format 1 or 2, it is of format 3: a newer tailnas wrote it;`,
    );
    writeFileSync(join(dir, 'run.json'), JSON.stringify(sealed({ ...info, seed: 'x' })));
    expect(() => openRun(dir, { write: true })).toThrow('run.json is damaged: "seed": expected');
  });

  it('writes only with the lock, and not after close', () => {
    const run = withRecords(1);
    expect(() => openRun(dir).log('x')).toThrow('it is not open for writing');
    expect(() => openRun(dir, { write: true })).toThrow(`process ${process.pid} is using it`);
    run.close();
    expect(() => run.appendRecord(recordOf(1))).toThrow('it is not open for writing');
    openRun(dir, { write: true }).close();
  });

  it('clears away what a killed writer left', () => {
    createRun(dir, info).close();
    writeFileSync(join(dir, 'checkpoints', '.tmp-5-epoch'), 'x');
    const reader = openRun(dir);
    expect(readdirSync(join(dir, 'checkpoints'))).toHaveLength(1);
    openRun(dir, { write: true }).close();
    expect(readdirSync(join(dir, 'checkpoints'))).toEqual([]);
    expect(reader.checkpoints.list()).toEqual([]);
  });
});

describe('records', () => {
  it('loses only the torn record, wherever the file was cut, and the next one is whole', () => {
    withRecords(3).close();
    const whole = readFileSync(metrics);
    const line = whole.length / 3;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
        writeFileSync(metrics, whole);
        truncateSync(metrics, length);
        const complete = [0, 1, 2].slice(0, Math.floor(length / line)).map(recordOf);
        expect(openRun(dir).records()).toEqual(complete);
        const run = openRun(dir, { write: true });
        run.appendRecord(recordOf(complete.length));
        run.close();
        expect(run.records()).toEqual([...complete, recordOf(complete.length)]);
      }),
      { numRuns: 40, examples: [[line - 1], [line], [line + 1]] },
    );
  });

  it('names a damaged line that is not the last', () => {
    withRecords(1).close();
    appendFileSync(metrics, `${JSON.stringify(sealed({ epoch: 1 }))}\n`);
    expect(() => openRun(dir).records()).toThrow('metrics.jsonl: line 2 is damaged: "kind": expected string');
  });

  it('adds no epoch but the next, none beyond the plan, and none where another process has added one', () => {
    const run = withRecords(2);
    for (const epoch of [0, 1, 3]) expect(() => run.appendRecord(recordOf(epoch))).toThrow('it must be of epoch 2, it');
    appendFileSync(metrics, `${JSON.stringify(sealed(recordOf(2)))}\n`);
    expect(() => run.appendRecord(recordOf(2))).toThrow(
      /^Cannot write .*metrics.jsonl: another process has changed it meanwhile \(it had \d+ bytes, it has \d+\); stop/,
    );
    run.close();
    const again = openRun(dir, { write: true });
    for (let epoch = 3; epoch < 50; epoch++) again.appendRecord(recordOf(epoch));
    expect(() => again.appendRecord(recordOf(50))).toThrow('it is of epoch 50, the run has 50, counted from 0');
    again.close();
  });

  it('are not written any more once the lock is lost', () => {
    const run = withRecords(1);
    for (const name of readdirSync(dir).filter((file) => file.startsWith('lock-'))) rmSync(join(dir, name));
    expect(() => run.appendRecord(recordOf(1))).toThrow('another process took it over while this one stood still');
    expect(() => run.checkpoints.save({ epoch: 1, step: 0 }, [])).toThrow('another process took it over');
    expect(run.records()).toHaveLength(1);
    run.close();
  });

  it('refuses a number that JSON would lose', () => {
    const run = withRecords(1);
    expect(() => run.appendRecord({ ...recordOf(1), trainLoss: Number.NaN })).toThrow('"trainLoss": expected number');
    expect(run.records()).toHaveLength(1);
    run.close();
  });

  it('drops records past the checkpoint and keeps keys of a learner’s own', () => {
    const run = withRecords(1);
    const own = { ...recordOf(1), watts: 65 };
    run.appendRecord(own);
    run.appendRecord(recordOf(2));
    appendFileSync(metrics, '{"phase": "sea');
    run.truncateRecords(({ epoch }) => epoch <= 1);
    expect(run.records()).toEqual([recordOf(0), { ...recordOf(1), watts: 65 }]);
    expect(readFileSync(metrics, 'utf8')).toMatch(/"watts":65}\n$/);
    run.close();
  });
});

describe('log', () => {
  it('puts the time before each line', () => {
    const run = createRun(dir, info);
    run.log('epoch 1');
    run.close();
    expect(readFileSync(join(dir, 'log.txt'), 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z epoch 1\n$/);
  });
});

describe('defaultRunDir', () => {
  it('is named after the recipe and the time, and numbered when taken', () => {
    const now = new Date(2026, 0, 2, 3, 4, 5);
    const first = defaultRunDir(base, 'darts', { now });
    expect(first).toBe(join(base, 'darts-20260102-030405'));
    mkdirSync(first);
    mkdirSync(`${first}-2`);
    expect(defaultRunDir(base, 'darts', { now })).toBe(`${first}-3`);
  });
});
