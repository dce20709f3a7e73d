import { describe, expect, it } from 'vitest';
import { type FakeRunOptions, fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { ComparisonError, requireComparable } from './comparable.js';
import { resultRows } from './results.js';
import { withoutCommon } from './rows.js';
import type { LoadedRun } from './runs.js';

const make = (changes: Partial<FakeRunOptions> = {}): LoadedRun =>
  fakeRun({ name: 'hls', label: 'HLS', seed: 0, epochs: 4, bilateral: true, paper: 65.12, ...changes });
const darts = make({ name: 'darts', label: 'DARTS', bilateral: false, paper: 64.56 });
const tested = (run: LoadedRun, accuracy: number): LoadedRun =>
  run.evaluation === undefined
    ? run
    : { ...run, evaluation: { ...run.evaluation, accuracy, meanPerClassAccuracy: accuracy / 2 } };
const changed = (run: LoadedRun, change: (info: LoadedRun['info']) => Partial<LoadedRun['info']>): LoadedRun => ({
  ...run,
  info: { ...run.info, ...change(run.info) },
});
const options = (run: LoadedRun, values: Record<string, number | string>): LoadedRun =>
  changed(run, ({ experiment }) => ({ experiment: { ...experiment, options: { ...experiment.options, ...values } } }));
const data = (run: LoadedRun, values: object): LoadedRun =>
  changed(run, ({ data }) => ({ data: { ...data, ...values } }));
const varied = (run: LoadedRun, changes: Record<string, number | string>): LoadedRun =>
  options(
    changed(run, () => ({ changes })),
    changes,
  );
const scaled = (run: LoadedRun, overrides: object): LoadedRun => changed(run, () => ({ overrides: { ...overrides } }));

describe('requireComparable', () => {
  it('lets runs differ in method, schedule, phases, seed, machine and versions', () => {
    const other = changed(make({ seed: 1 }), () => ({ device: 'cuda', threads: 9, versions: { libtorch: '3.0.0' } }));
    const continued = make({ name: 'hls-continued-half', label: 'continued', continued: 2 });
    expect(() => requireComparable([make(), darts, other, continued])).not.toThrow();
    expect(() => requireComparable([])).not.toThrow();
  });

  it('names the first difference, both values and both runs', () => {
    const longer = options(make({ seed: 1 }), { epochs: 50 });
    const message =
      'Cannot compare runs: epochs must be equal, it is 4 in runs/darts-0 and 50 in runs/hls-1; report them separately';
    expect(() => requireComparable([darts, make(), longer])).toThrow(new ComparisonError(message));
  });

  it.each([
    ['data must be equal, it is cifar10 in', data(darts, { name: 'mnist' })],
    ['data fingerprint must be equal, it is fake in runs/hls-0 and other', data(darts, { fingerprint: 'other' })],
    ['imbalanceRatio must be equal, it is not set in', data(darts, { request: { imbalanceRatio: 50 } })],
    ['batchSize must be equal, it is 128 in runs/hls-0 and 64 in', options(darts, { batchSize: 64 })],
    ['weightLr must be equal, it is 0.02 in', options(make({ seed: 1 }), { weightLr: 0.1 })],
  ])('refuses other data, settings and losses: %s', (message, other) => {
    expect(() => requireComparable([make(), other])).toThrow(message);
  });

  it('refuses other scales where both are known, and takes the same data from another path', () => {
    const small = scaled(make(), { scale: 'small' });
    expect(() => requireComparable([small, scaled(darts, { scale: 'paper' })])).toThrow('scale must be equal');
    expect(() => requireComparable([small, darts])).not.toThrow();
    const here = data(make(), { spec: 'here', request: { spec: 'here', imbalance: 'exp' } });
    const there = data(darts, { spec: 'there', request: { spec: 'there', imbalance: 'exp' } });
    expect(() => requireComparable([here, there])).not.toThrow();
  });

  it('refuses a seed twice in one row, not in two', () => {
    expect(() => requireComparable([make(), { ...make(), path: 'runs/copy' }])).toThrow(
      'seeds of hls must differ, it is 0 in runs/hls-0 and in runs/copy; leave one out',
    );
    expect(() => requireComparable([make(), varied(make(), { logitScale: 2 })])).not.toThrow();
  });
});

describe('resultRows', () => {
  it('groups runs by recipe in the paper’s order, with mean and sample deviation', () => {
    const runs = [tested(make(), 0.5), darts, tested(make({ seed: 1 }), 0.54)];
    const rows = resultRows(runs);
    expect(rows.map((row) => [row.name, row.seeds, row.runs])).toEqual([
      ['darts', [0], ['runs/darts-0']],
      ['hls', [0, 1], ['runs/hls-0', 'runs/hls-1']],
    ]);
    expect(rows[1]?.mean).toBeCloseTo(52);
    expect(rows[1]?.sd).toBeCloseTo(Math.sqrt(8));
    expect(rows[1]?.meanPerClass).toEqual({ mean: expect.closeTo(26), sd: expect.closeTo(Math.sqrt(2)) });
    expect(rows[0]?.meanPerClass?.sd).toBeNull();
    expect(rows[1]?.difference).toBeCloseTo(52 - 65.12);
    expect(rows[0]).toMatchObject({ sd: null, mixing: [], optimistic: null, paper: 64.56, unfinished: [] });
  });

  it('gives the mixing chosen on validation, and apart from it the best on the test split', () => {
    const run = make();
    const [row] = resultRows([run]);
    const best = Math.max(...(run.evaluation?.answers?.test ?? []).map((at) => at.accuracy));
    expect(row?.mixing).toEqual([run.evaluation?.at['mixing']]);
    expect(row?.optimistic).toEqual({ mean: 100 * best, sd: null });
    expect(row?.optimistic?.mean).toBeGreaterThanOrEqual(row?.mean ?? 100);
  });

  it('takes groups of classes, time and memory from finished runs only', () => {
    const done = make();
    const [epoch] = done.records;
    if (epoch === undefined || done.evaluation === undefined) throw new Error('fakeRun has epochs and a test');
    const test = { ...done.evaluation, shots: { many: 0.6, medium: 0.4, few: null } };
    const timed = { ...done, evaluation: test, records: [epoch, epoch].map((r) => ({ ...r, seconds: 10 })) };
    const stopped = { ...make({ seed: 1 }), evaluation: undefined };
    expect(resultRows([timed, stopped])[0]).toMatchObject({
      shots: { many: 60, medium: 40, few: null },
      seconds: 20,
      peakMemoryBytes: 9e8,
      unfinished: ['runs/hls-1'],
      seeds: [0, 1],
    });
  });

  it('has nulls for a row without a finished run', () => {
    const [row] = resultRows([{ ...make(), evaluation: undefined, records: [] }]);
    const none = { mean: null, sd: null, meanPerClass: null, optimistic: null, difference: null, seconds: null };
    expect(row).toMatchObject({ ...none, peakMemoryBytes: null, shots: { many: null }, ranks: { tail: null } });
  });

  it('names what was changed of a method, and keeps it a row of its own', () => {
    const rows = resultRows([make(), varied(make(), { logitScale: 2, bnScope: 'perBranch' })]);
    expect(rows.map(({ name }) => name)).toEqual(['hls', 'hls (bnScope perBranch, logitScale 2)']);
    expect(rows[1]?.label).toBe('HLS (bnScope perBranch, logitScale 2)');
  });

  it('takes a given setting of the method for a change of it, without a figure of the paper', () => {
    const second = scaled(varied(make(), { order: 2 }), { scale: 'small' });
    const runs = [options(make(), { order: 1 }), second];
    expect(() => requireComparable(runs)).not.toThrow();
    expect(resultRows(runs).map(({ name, paper }) => [name, paper])).toEqual([
      ['hls', 65.12],
      ['hls (order 2)', null],
    ]);
    const unsaid = options(make({ seed: 1 }), { order: 2 });
    expect(() => requireComparable([runs[0] ?? unsaid, unsaid])).toThrow('order must be equal, it is 1 in');
    expect(() => requireComparable([second, runs[0] ?? unsaid, unsaid])).toThrow('order must be equal, it is 1 in');
  });

  it('sets nothing beside the paper that is not its data', () => {
    const other = { request: { imbalance: 'exp', imbalanceRatio: 10 } };
    expect(resultRows([data(make(), other)])[0]).toMatchObject({ paper: null, difference: null });
    expect(resultRows([data(make(), { name: 'mnist' })])[0]?.paper).toBeNull();
    const same = { request: { imbalance: 'exp', imbalanceRatio: 100 } };
    expect(resultRows([data(make(), same)])[0]?.paper).toBe(65.12);
  });

  it('takes a folder for CIFAR-10 by its classes and counts, not by its name', () => {
    const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
    const counts = {
      train: [4000, ...Array(9).fill(40)],
      valid: [1000, ...Array(9).fill(10)],
      test: Array(10).fill(1000),
    };
    const paper = (values: object) =>
      resultRows([data(make(), { name: 'my-cifar', classes, counts, ...values })])[0]?.paper;
    expect(paper({})).toBe(65.12);
    expect(paper({ classes: classes.toReversed() })).toBeNull();
    expect(paper({ counts: { ...counts, test: Array(10).fill(900) } })).toBeNull();
    expect(paper({ counts: { ...counts, valid: Array(10).fill(10) } })).toBeNull();
    expect(paper({ request: { imbalance: 'step', imbalanceRatio: 100 } })).toBeNull();
    expect(paper({ request: { imageSize: 64 } })).toBeNull();
    expect(paper({ request: { grey: true } })).toBeNull();
    const named = { spec: '/images/cifar10', imbalance: 'exp', imbalanceRatio: 100 };
    expect(resultRows([data(make(), { request: named })])[0]?.paper).toBeNull();
  });

  it('takes a setting that every run was given for a part of the recipes', () => {
    const second = (seed: number) => varied(make({ seed }), { order: 2 });
    expect(resultRows(withoutCommon([second(1), second(2)])).map(({ name }) => name)).toEqual(['hls']);
    // As it stands comes first, however the folders sort.
    expect(resultRows(withoutCommon([second(1), make()])).map(({ name }) => name)).toEqual(['hls', 'hls (order 2)']);
  });

  it('names of trainings what sets them apart, and not what all have in common', () => {
    const training = (name: string, values: Record<string, number>) =>
      varied(fakeTraining({ name, label: name, seed: 0, epochs: 8 }), values);
    const resnet = (lr: number) => training('train-resnet', { lr });
    const cells = (lr: number) => training('train-cells', { lr, auxiliary: 0 });
    const names = (runs: readonly LoadedRun[]) => resultRows(withoutCommon(runs)).map(({ name }) => name);
    expect(names([resnet(0.5), cells(0.5)])).toEqual(['train-resnet', 'train-cells']);
    expect(names([resnet(0.5), cells(0.1)])).toEqual(['train-resnet (lr 0.5)', 'train-cells (lr 0.1)']);
    expect(names([cells(0.1)])).toEqual(['train-cells (auxiliary 0, lr 0.1)']);
    // One of a version that did not have the option yet.
    const older = training('train-resnet', {});
    expect(names([older, resnet(0.5)])).toEqual(['train-resnet', 'train-resnet (lr 0.5)']);
  });

  it('sets trainings beside searches: rows of their own, compared among themselves', () => {
    const training = (seed: number) => fakeTraining({ name: 'train-hls', label: 'HLS', seed, epochs: 8 });
    const runs = [training(0), make(), training(1)];
    expect(() => requireComparable(runs)).not.toThrow();
    expect(resultRows(runs).map(({ name, label, seeds, paper }) => [name, label, seeds, paper])).toEqual([
      ['hls', 'HLS', [0], 65.12],
      ['train-hls', 'HLS (train)', [0, 1], null],
    ]);
    expect(() => requireComparable([...runs, options(training(2), { epochs: 600 })])).toThrow(
      'epochs must be equal, it is 8 in runs/train-hls-0 and 600 in runs/train-hls-2',
    );
    expect(() => requireComparable([...runs, data(training(2), { fingerprint: 'b' })])).toThrow(
      'data fingerprint must',
    );
    const channels = (run: LoadedRun, n: number, multiplyAdds?: number): LoadedRun =>
      changed(options(run, { channels: n }), () => (multiplyAdds ? { size: { weights: 10 * n, multiplyAdds } } : {}));
    const equal = [channels(training(0), 12, 17.0e6), channels(training(1), 16, 18.5e6)];
    expect(() => requireComparable([make(), ...equal])).not.toThrow();
    expect(resultRows(equal).map(({ size }) => size)).toEqual([
      { weights: [120, 160], multiplyAdds: [17.0e6, 18.5e6] },
    ]);
    for (const other of [channels(training(1), 16, 25e6), channels(training(1), 16)])
      expect(() => requireComparable([channels(training(0), 12, 17.0e6), other])).toThrow(
        'channels must be equal, it is 12 in runs/train-hls-0 and 16 in runs/train-hls-1',
      );
    const all = { fingerprint: 'of all', request: { split: 'all' } };
    expect(() => requireComparable([make(), data(training(0), all), data(training(1), all)])).not.toThrow();
    expect(() => requireComparable([training(0), data(training(1), all)])).toThrow(
      'split must be equal, it is train in runs/train-hls-0 and all in runs/train-hls-1',
    );
  });
});
