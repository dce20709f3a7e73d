import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRun } from '../../test/support/fake-runs.js';
import { given } from '../../test/support/fixtures.js';
import { changesOf, describe as described, experiments, type Plan, scaled, type Values } from '../experiment/index.js';
import { epochSeconds } from '../measure/index.js';
import { createRun, openRun } from '../run/index.js';
import type { DataRequest } from '../session/index.js';
import { childArguments } from './child.js';
import { expectedSeconds } from './cost.js';
import { planRuns, type Request, stateText } from './plan.js';
import { workDone } from './work.js';

const DATA: DataRequest = { spec: 'images', imbalance: 'exp', imbalanceRatio: 10, imageSize: 16, flip: undefined };
const OVERRIDES = { scale: 'smoke', epochs: 4 } as const;
const small = (name: string, values: Values = {}): Plan =>
  scaled(experiments.named(name), { scale: 'smoke', values: { epochs: 4, ...values } });
const darts = small('darts');
const hls = small('hls');
const half = small('hls-continued-half');

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'tailnas-plan-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const request = (more: Partial<Request> = {}): Request => ({
  plans: [darts, small('hls-continued-class'), hls, half],
  base: hls,
  seeds: [1, 2],
  data: DATA,
  overrides: OVERRIDES,
  given: {},
  out,
  ...more,
});

interface FakeFolder {
  readonly epochs?: number;
  readonly done?: boolean;
  readonly data?: DataRequest;
  readonly overrides?: Record<string, unknown>;
  readonly as?: string;
}

/** Leaves a run folder of a plan as a search would, with made-up records. */
const leave = (
  plan: Plan,
  seed: number,
  { epochs = 0, done = false, data = DATA, overrides = OVERRIDES, as }: FakeFolder = {},
): void => {
  const { name, label } = plan.experiment;
  const made = fakeRun({ name, label, seed, epochs: 4, bilateral: true, continued: 2 });
  const info = {
    ...made.info,
    name,
    seed,
    experiment: described(plan),
    changes: changesOf(plan),
    overrides,
    data: { ...made.info.data, request: { ...data, spec: resolve(data.spec) } },
  };
  const folder = createRun(join(out, 'runs', as ?? `${name}-seed-${seed}`), JSON.parse(JSON.stringify(info)));
  for (const record of made.records.slice(0, epochs)) folder.appendRecord(record);
  if (done && made.evaluation !== undefined) folder.writeEvaluation(made.evaluation);
  folder.close();
};

const states = (plan = planRuns(request())): string[] => plan.map((run) => `${run.name}: ${stateText(run)}`);

describe('a plan', () => {
  it('goes seed by seed, and starts continued runs after the one search that they share', () => {
    expect(states()).toEqual([
      'darts-seed-1: start',
      'hls-seed-1: start',
      'hls-continued-class-seed-1: after hls-seed-1',
      'hls-continued-half-seed-1: after hls-seed-1',
      'darts-seed-2: start',
      'hls-seed-2: start',
      'hls-continued-class-seed-2: after hls-seed-2',
      'hls-continued-half-seed-2: after hls-seed-2',
    ]);
    expect(readdirSync(out)).toEqual([]);
  });

  it('adds the search of a continued run also where it is not asked for', () => {
    const plan = planRuns(request({ plans: [half], seeds: [7] }));
    expect(states(plan)).toEqual(['hls-seed-7: start', 'hls-continued-half-seed-7: after hls-seed-7']);
    expect(plan.map((run) => run.epochs)).toEqual([
      { from: 0, to: 4 },
      { from: 4, to: 6 },
    ]);
  });

  it('does not, once the continued run has begun', () => {
    leave(half, 7, { epochs: 5 });
    const plan = planRuns(request({ plans: [half], seeds: [7] }));
    expect(states(plan)).toEqual(['hls-continued-half-seed-7: resume']);
    expect(plan[0]?.epochs).toEqual({ from: 5, to: 6 });
  });

  it('takes over what is there', () => {
    leave(hls, 1, { epochs: 4, done: true });
    leave(darts, 1, { epochs: 3 });
    mkdirSync(join(out, 'runs', 'darts-seed-2'), { recursive: true }); // killed before it had a run.json
    expect(states().slice(0, 5)).toEqual([
      'darts-seed-1: resume',
      'hls-seed-1: done',
      'hls-continued-class-seed-1: start',
      'hls-continued-half-seed-1: start',
      'darts-seed-2: start',
    ]);
  });

  it('says of a damaged run which folder to remove', () => {
    leave(darts, 1, { epochs: 4, done: true });
    const folder = join(out, 'runs', 'darts-seed-1');
    writeFileSync(join(folder, 'evaluation.json'), '');
    expect(() => planRuns(request())).toThrow(`or remove ${folder}, and it is made again`);
  });

  it.each(['runs', join('runs', 'darts-seed-1')])('follows no link in place of %s', (place) => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'tailnas-elsewhere-'));
    leave(darts, 1, { epochs: 3 });
    cpSync(join(out, place), elsewhere, { recursive: true });
    const before = readdirSync(elsewhere, { recursive: true });
    rmSync(join(out, place), { recursive: true });
    symlinkSync(elsewhere, join(out, place));
    expect(() => planRuns(request())).toThrow(`Cannot use ${join(out, place)}: it must be a folder, it is a link`);
    expect(readdirSync(elsewhere, { recursive: true })).toEqual(before);
    rmSync(elsewhere, { recursive: true });
  });

  it('takes settings that are the same for the same, however they were given', () => {
    leave(darts, 1, { overrides: { scale: 'smoke', epochs: 4, channels: 4 } });
    expect(states()[0]).toBe('darts-seed-1: resume');
  });

  it.each<[string, () => void, RegExp]>([
    [
      'epochs',
      () => leave(scaled(darts.experiment, { scale: 'smoke' }), 1, { overrides: { scale: 'smoke' } }),
      /darts-seed-1: it must be made as asked now \(--epochs 4\), it was .* \(without --epochs\); give another --out/,
    ],
    [
      'scale',
      () => leave(darts, 1, { overrides: { scale: 'small', epochs: 4 } }),
      /now \(--scale smoke\), it was made otherwise \(--scale small\);/,
    ],
    [
      'data',
      () => leave(darts, 1, { data: { ...DATA, imbalanceRatio: 100, flip: false } }),
      /now \(--imbalance-ratio 10, without --no-flip\), .* \(--imbalance-ratio 100, --no-flip\);/,
    ],
    [
      'seed',
      () => leave(darts, 3, { as: 'darts-seed-1' }),
      /\(seed 1\), it was made otherwise \(seed 3\); .* move that folder away/,
    ],
    ['recipe', () => leave(hls, 1, { as: 'darts-seed-1' }), /\(recipe darts\), it was made otherwise \(recipe hls\);/],
    [
      'settings that no flag led to',
      () => leave(small('darts', { momentum: 0.5 }), 1),
      /\(--momentum 0.9\), it was made otherwise \(--momentum 0.5\);/,
    ],
    [
      'method',
      () => leave({ ...darts, method: hls.method }, 1),
      /now \(method "DARTS"\), it was made otherwise \(method "HLS, parabolicDecay"\);/,
    ],
    [
      'phases',
      () => leave({ ...darts, phases: hls.phases }, 1),
      /\(phases .*\), it was made otherwise \(phases .*softFreeze/,
    ],
  ])('refuses a run that was made otherwise: %s', (_, damage, message) => {
    damage();
    expect(() => planRuns(request())).toThrow(message);
  });

  it('knows a run again that recorded what was left to its data', () => {
    leave(darts, 1, { epochs: 4, done: true, data: { ...DATA, testShare: 0.2 } });
    const asked = (own: Partial<DataRequest>) => request({ plans: [darts], seeds: [1], data: { ...DATA, ...own } });
    for (const own of [{}, { testShare: 0.2 }]) expect(states(planRuns(asked(own)))).toEqual(['darts-seed-1: done']);
    expect(() => planRuns(asked({ testShare: 0.3 }))).toThrow('now (--test-share 0.3), it was made otherwise (--test');
  });
});

describe('a plan with something changed', () => {
  const changedHls = small('hls', { mixing: 'reverseSigmoid(10)' });
  const changed = (): Request =>
    request({
      plans: [changedHls],
      seeds: [1],
      change: { mixing: 'reverseSigmoid(10)' },
    });
  const name = 'hls-mixing-reverseSigmoid-10-seed-1';

  it('has runs of its own, named after the change and started with its flags', () => {
    const [run] = planRuns(changed());
    expect([run?.name, run?.row]).toEqual([name, 'hls-mixing-reverseSigmoid-10']);
    const words = (run && childArguments(run, { threads: 1 })) ?? [];
    expect(words.slice(0, 8)).toEqual([
      'search',
      'hls',
      '--scale',
      'smoke',
      '--epochs',
      '4',
      '--mixing',
      'reverseSigmoid(10)',
    ]);
  });

  it('knows them again, and not those without the change', () => {
    leave(changedHls, 1, { epochs: 4, done: true, as: name });
    expect(states(planRuns(changed()))).toEqual([`${name}: done`]);
    rmSync(join(out, 'runs', name), { recursive: true });
    leave(hls, 1, { epochs: 4, done: true, as: name });
    expect(() => planRuns(changed())).toThrow(
      /must be made as asked now \(--mixing reverseSigmoid\(10\)\), it was made otherwise \(--mixing parabolicDecay\)/,
    );
  });
});

describe('the words of a child', () => {
  it('are those of the search that was asked for', () => {
    const [, , continued] = planRuns(request());
    const [own, search] = ['hls-continued-class-seed-1', 'hls-seed-1'].map((name) => join(out, 'runs', name));
    expect(continued && childArguments(continued, { threads: 2 }).join(' ')).toBe(
      'search hls-continued-class --scale smoke --epochs 4 --data images --imbalance exp --imbalance-ratio 10 ' +
        `--image-size 16 --seed 1 --threads 2 --out ${own} --from ${search} --quiet --json`,
    );
  });

  it('hold the options that were given for every run', () => {
    const given = { momentum: 0.5, loss: 'balanced-softmax' };
    const [run] = planRuns(request({ plans: [small('darts', given)], given }));
    expect(run && childArguments(run, { threads: 2 }).join(' ')).toContain(
      'search darts --scale smoke --epochs 4 --momentum 0.5 --loss balanced-softmax --data images ',
    );
  });

  it('name the modules of the user, also where a run is resumed', () => {
    leave(darts, 1, { epochs: 1 });
    const [first, , second] = planRuns(request({ plans: [darts, hls], seeds: [1, 2] }));
    for (const run of [first, second])
      expect(run && childArguments(run, { threads: 2, use: ['mine.js'] }).join(' ')).toContain(
        ' --use mine.js --quiet --json',
      );
  });

  it('resume a run that has begun', () => {
    leave(darts, 1, { epochs: 1 });
    const [first] = planRuns(request());
    const words = ['resume', join(out, 'runs', 'darts-seed-1'), '--quiet', '--json'];
    expect(first && childArguments(first, { threads: 2 })).toEqual(words);
  });
});

describe('the work done', () => {
  it('counts two batches a step twice, and what is taken over once', () => {
    leave(darts, 1, { epochs: 2 });
    const asked = request({ plans: [darts, half], seeds: [1] });
    const plan = planRuns(asked);
    // darts 4 epochs, hls 2 × 4, continued 2 × 2: 16 in all, of which 2 are done and 14 are left.
    expect(workDone(plan, { active: [], ended: [] })).toEqual({ ofAll: 2 / 16, ofRest: 0 });
    leave(hls, 1, { epochs: 3 });
    const [first, second] = plan;
    expect(first && second && workDone(plan, { active: [second], ended: [first] })).toEqual({
      ofAll: (4 + 6) / 16,
      ofRest: (2 + 6) / 14,
    });
    expect(workDone(plan, { active: [], ended: plan })).toEqual({ ofAll: 1, ofRest: 1 });
  });
});

describe('what is still to be done', () => {
  it('takes what epochs of its phases took other seeds with as many threads, and no step is tried', async () => {
    leave(half, 1, { epochs: 6, done: true });
    leave(half, 2, { epochs: 1 });
    const folder = openRun(join(out, 'runs', 'hls-continued-half-seed-1'));
    const other = openRun(join(out, 'runs', 'hls-continued-half-seed-2'));
    const took = epochSeconds([...folder.records(), ...other.records()]);
    const plan = planRuns(request({ plans: [half] }));
    const run = plan.find(({ name }) => name === 'hls-continued-half-seed-2');
    const { threads } = folder.info;
    // The data are not there: only an attempt to try steps would look for them.
    const expected = await expectedSeconds(plan, { data: DATA, threads });
    expect([...expected.keys()]).toEqual([run]);
    expect(run && expected.get(run)).toBeCloseTo(3 * given(took.get('search')) + 2 * given(took.get('continued')));
    await expect(expectedSeconds(plan, { data: DATA, threads: threads + 1 })).rejects.toThrow('images');
  });
});
