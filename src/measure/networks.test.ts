import { describe, expect, it } from 'vitest';
import { fakeTraining } from '../../test/support/fake-runs.js';
import { drawFigure, figures } from '../figure/index.js';
import { requireComparable } from './comparable.js';
import { setApart } from './networks.js';
import { resultRows } from './results.js';
import type { LoadedRun } from './runs.js';

type Search = NonNullable<NonNullable<LoadedRun['info']['experiment']['network']>['search']>;

/** Cells that are others for another number. */
const cells = (n: number) => ({
  backbone: { normal: { nodes: [[{ op: 'skip_connect', from: n % 2 }]], concat: [n] } },
});
const search = (seed: number, options: Search['options'] = { epochs: 10 }): Search => ({
  name: 'hls',
  seed,
  options,
  fingerprint: 'f',
});

/** A training at a seed of the cells that a search found; of cells from a file without one. */
const make = (
  seed: number,
  { of, by, changes = {}, label = 'hls' }: { of: number; by?: Search; changes?: object; label?: string },
): LoadedRun => {
  const run = fakeTraining({ name: `train-${label}`, label, seed, epochs: 3 });
  const network = { name: 'hls', genotypes: cells(of), ...(by && { search: by }) };
  const path = `runs/cells-${of}-${seed}`;
  return {
    ...run,
    path,
    info: { ...run.info, changes: { ...changes }, experiment: { ...run.info.experiment, network } },
  };
};
const rows = (runs: readonly LoadedRun[]) => {
  requireComparable(runs);
  return resultRows(runs).map(({ label, seeds }) => [label, seeds]);
};

describe('trainings of one name', () => {
  it('are seeds of their search where each has the cells that it found at that seed', () => {
    const runs = [1, 2, 3].map((seed) => make(seed, { of: seed, by: search(seed) }));
    expect(rows(runs)).toEqual([['cells of hls', [1, 2, 3]]]);
  });

  it('are seeds of their search where a later version of it has more options', () => {
    const later = { epochs: 10, archLoss: 'same' };
    const runs = [1, 2].map((seed) => make(seed, { of: seed, by: search(seed, seed === 1 ? undefined : later) }));
    expect(rows(runs)).toEqual([['cells of hls', [1, 2]]]);
    const longer = make(1, { of: 3, by: search(1, { ...later, epochs: 50 }) });
    expect(rows([...runs, longer])).toEqual([
      ['cells of hls (epochs 10)', [1, 2]],
      ['cells of hls (epochs 50)', [1]],
    ]);
  });

  it('are called after their search, also where its name begins like that of random cells', () => {
    const [own, drawn] = [
      { of: 1, by: { ...search(1), name: 'random-ws' }, label: 'random-ws' },
      { of: 2, by: { ...search(1), name: 'random' }, label: 'random' },
    ];
    expect(rows([make(1, own)])).toEqual([['cells of random-ws', [1]]]);
    expect(rows([make(1, drawn)])).toEqual([['random cells', [1]]]);
  });

  it('are seeds of one network where they have the same cells', () => {
    const runs = [0, 1, 2].map((seed) => make(seed, { of: 5, by: search(0) }));
    expect(rows(runs)).toEqual([['cells of hls, seed 0', [0, 1, 2]]]);
    expect(rows([0, 1].map((seed) => make(seed, { of: 5 })))).toEqual([['hls (train)', [0, 1]]]);
  });

  it('are not averaged where they have cells from different files, or of one search at other seeds', () => {
    const files = rows([0, 1, 2].map((seed) => make(seed, { of: seed })));
    expect(files).toEqual([0, 1, 2].map((seed) => [expect.stringMatching(/^hls \[[0-9a-f]{6}\] \(train\)$/), [seed]]));
    expect(new Set(files.map(([label]) => label)).size).toBe(3);
    expect(rows([1, 2, 3].map((seed) => make(seed, { of: seed, by: search(seed - 1) })))).toEqual([
      ['cells of hls, seed 0', [1]],
      ['cells of hls, seed 1', [2]],
      ['cells of hls, seed 2', [3]],
    ]);
  });

  it('are not averaged where their searches had other options or other data', () => {
    const runs = [
      make(1, { of: 1, by: search(1) }),
      make(2, { of: 2, by: search(2) }),
      make(1, { of: 3, by: search(1, { epochs: 50 }) }),
    ];
    expect(rows(runs)).toEqual([
      ['cells of hls (epochs 10)', [1, 2]],
      ['cells of hls (epochs 50)', [1]],
    ]);
    const elsewhere = { ...search(2), fingerprint: 'other' };
    expect(rows([make(1, { of: 1, by: search(1) }), make(2, { of: 2, by: elsewhere })])).toHaveLength(2);
  });

  it('of one seed twice are a doubled run, or, with other cells, two searches', () => {
    const run = make(1, { of: 1, by: search(1) });
    expect(() => requireComparable([run, { ...run, path: 'runs/copy' }])).toThrow('seeds of train-hls must differ');
    expect(rows([run, make(1, { of: 2, by: search(1) })])).toHaveLength(2);
  });

  it('keep their names when they are set apart again, and among fewer', () => {
    const runs = setApart([0, 1].flatMap((of) => [0, 1].map((seed) => make(seed, { of, by: search(9) }))));
    expect(setApart(runs)).toEqual(runs);
    expect(setApart(runs.slice(0, 2))).toEqual(runs.slice(0, 2));
  });

  it('that were changed otherwise are rows of their own as they were', () => {
    const plain = [1, 2].map((seed) => make(seed, { of: seed, by: search(seed) }));
    const cut = make(1, { of: 1, by: search(1), changes: { cutout: 4 } });
    expect(rows([...plain, cut])).toEqual([
      ['cells of hls', [1, 2]],
      ['cells of hls (cutout 4)', [1]],
    ]);
  });

  it('are drawn apart', () => {
    const kind = figures.named('training');
    if (kind === undefined) throw new Error('there is a figure of training');
    const draw = (runs: readonly LoadedRun[]) => drawFigure(kind, runs);
    expect(() => draw([make(0, { of: 0 }), make(1, { of: 1 })])).toThrow(
      'its runs must be of one recipe, got train-hls [',
    );
    expect(draw([make(0, { of: 0, by: search(3) }), make(1, { of: 0, by: search(3) })]).name).toBe(
      'training-train-hls-seed-3',
    );
  });
});

describe('sizes of networks', () => {
  const sized = (run: LoadedRun, options: object): LoadedRun => {
    const { experiment } = run.info;
    return {
      ...run,
      info: { ...run.info, experiment: { ...experiment, options: { ...experiment.options, ...options } } },
    };
  };
  const resnet = fakeTraining({ name: 'train-resnet', label: 'resnet(32)', seed: 0, epochs: 3, cells: false });

  it('are compared among networks of cells, not with those of a model', () => {
    const wide = sized(resnet, { channels: 64 });
    expect(() => requireComparable([make(0, { of: 0 }), wide])).not.toThrow();
    const other = sized(make(1, { of: 0 }), { channels: 8 });
    expect(() => requireComparable([make(0, { of: 0 }), wide, other])).toThrow('channels must be equal, it is 36 in');
    const again = { ...sized(resnet, { channels: 16 }), path: 'runs/narrow' };
    const seeds = { ...again, info: { ...again.info, seed: 1 } };
    expect(() => requireComparable([wide, seeds])).toThrow('channels must be equal, it is 64 in');
    const longer = sized(resnet, { epochs: 50 });
    expect(() => requireComparable([make(0, { of: 0 }), longer])).toThrow('epochs must be equal');
  });
});
