import { describe, expect, it } from 'vitest';
import { fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { given } from '../../test/support/fixtures.js';
import { measureClaims } from './claims.js';
import type { LoadedRun } from './runs.js';
import { accuraciesIn, claimsIn, sensitivityOf } from './sensitivity.js';

const make = (
  name: string,
  { seed, accuracy, changes = {} }: { seed: number; accuracy: number; changes?: Record<string, string | number> },
): LoadedRun => {
  const run = fakeRun({ name, label: name.toUpperCase(), seed, epochs: 4, bilateral: name !== 'darts' });
  return { ...run, info: { ...run.info, changes }, evaluation: { ...given(run.evaluation), accuracy } };
};
const runs = [1, 2, 3].flatMap((seed) => [
  make('darts', { seed, accuracy: 0.4 }),
  make('hls', { seed, accuracy: 0.5 + seed / 1000 }),
  make('hls', { seed, accuracy: 0.3 + seed / 1000, changes: { freeze: 'sqrt' } }),
  make('darts', { seed, accuracy: 0.7 + seed / 1000, changes: { order: 2 } }),
  make('hls', { seed, accuracy: 0.9, changes: { order: 2 } }),
]);
const verdicts = (change: string) =>
  given(sensitivityOf(runs).find((line) => line.change === change))
    .claims.filter(({ name }) => name === 'hls-beats-darts')
    .map(({ verdict, estimate }) => [verdict, estimate.mean.toFixed(1)]);

describe('sensitivity', () => {
  it('measures the claims with changed runs in the place of those of the same recipe', () => {
    expect(sensitivityOf(runs).map(({ change }) => change)).toEqual(['', 'freeze sqrt', 'order 2']);
    expect(verdicts('')).toEqual([['holds', '10.2']]);
    expect(verdicts('freeze sqrt')).toEqual([['does not hold', '-9.8']]);
    expect(verdicts('order 2')).toEqual([['holds', '19.8']]);
  });

  it('keeps to claims that a change touches, and says of the rest what the report says', () => {
    const lines = sensitivityOf(runs);
    expect(given(lines[0]).claims).toEqual(measureClaims(runs).map((c) => ({ ...c, shift: null })));
    // HLS could be of second order too: beside a changed DARTS, a claim would compare two things.
    const onlyDarts = runs.filter(({ info }) => info.experiment.name === 'darts' || changeless(info));
    const second = given(sensitivityOf(onlyDarts).find(({ change }) => change === 'order 2'));
    expect(second.claims).toEqual([]);
    expect(claimsIn(lines).map(({ name }) => name)).toContain('hls-beats-darts');
  });

  it('says by how much a change moves a measure at equal seed, with an interval from two seeds on', () => {
    const shiftsOf = (of: readonly LoadedRun[], change: string) => {
      const line = given(sensitivityOf(of).find((l) => l.change === change));
      return [...line.claims.filter(({ name }) => name === 'hls-beats-darts'), ...line.accuracies].map((c) =>
        given(c.shift),
      );
    };
    const [claim, accuracy] = shiftsOf(runs, 'freeze sqrt');
    expect(claim?.mean).toBeCloseTo(-20);
    expect(accuracy).toEqual(claim);
    // 0.9 less 0.501, 0.502 and 0.503; of DARTS, 0.701 to 0.703 less 0.4.
    const [, darts, hls] = shiftsOf(runs, 'order 2');
    expect([darts?.mean, hls?.mean].map((m) => m?.toFixed(1))).toEqual(['30.2', '39.8']);
    expect((hls?.high ?? 0) - (hls?.low ?? 0)).toBeCloseTo((2 * 4.303 * 0.1) / Math.sqrt(3));
    // Seeds of which one side is missing do not count.
    const fewer = runs.filter(({ info }) => changeless(info) || info.seed === 3);
    for (const shift of shiftsOf(fewer, 'order 2')) expect([shift?.low, shift?.high]).toEqual([null, null]);
    expect(shiftsOf(fewer, 'order 2')[2]?.mean).toBeCloseTo(39.7);
  });

  it('is empty where nothing was changed, or everything was', () => {
    expect(sensitivityOf(runs.filter(({ info }) => changeless(info)))).toEqual([]);
    expect(sensitivityOf(runs.filter(({ info }) => !changeless(info)))).toEqual([]);
  });

  it('leaves out what is not finished, and keeps a changed recipe that has no unchanged runs', () => {
    const open = (run: LoadedRun): LoadedRun => ({ ...run, evaluation: undefined });
    expect(sensitivityOf(runs.map((run) => (changeless(run.info) ? open(run) : run)))).toEqual([]);
    const noDarts = sensitivityOf(runs.filter(({ info }) => info.experiment.name !== 'darts' || !changeless(info)));
    expect(accuraciesIn(noDarts).map(({ recipe }) => recipe)).toEqual(['hls', 'darts']);
    expect(claimsIn(noDarts).map(({ name }) => name)).toContain('hls-beats-darts');
    const half = sensitivityOf(runs.map((run) => (run.info.seed === 2 && !changeless(run.info) ? open(run) : run)));
    expect(half.map(({ seeds }) => seeds)).toEqual([
      [1, 2, 3],
      [1, 3],
      [1, 3],
    ]);
  });

  it('leaves out changes of which nothing can be said, such as of a training beside a search', () => {
    const search = make('hls', { seed: 1, accuracy: 0.5 });
    const training = fakeTraining({ name: 'train-hls', label: 'hls', seed: 1, epochs: 4 });
    const cut = { ...training, info: { ...training.info, changes: { cutout: 4 } } };
    expect(sensitivityOf([cut, search])).toEqual([]);
    // Beside the same training without the change there is a difference.
    expect(sensitivityOf([cut, search, training]).map(({ change }) => change)).toEqual(['', 'cutout 4']);
    expect(claimsIn(sensitivityOf([cut, training]))).toEqual([]);
  });

  it('tests no difference of the worst of several, which may be two different ones', () => {
    const [, ...changed] = sensitivityOf(runs);
    for (const { claims } of changed)
      for (const { contrasts, shift } of claims) expect(shift === null).toBe(contrasts > 1);
    expect(changed.flatMap(({ claims }) => claims).some(({ contrasts }) => contrasts > 1)).toBe(true);
  });
});

function changeless({ changes }: LoadedRun['info']): boolean {
  return Object.keys(changes).length === 0;
}
