import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { experiments, type Plan, scaled } from '../experiment/index.js';
import { sealed } from '../run/seal.js';
import { planRuns, type Request } from './plan.js';
import { isDone, requireTask, taskNumber, tasksOf, writePlan } from './tasks.js';

const small = (name: string): Plan => scaled(experiments.named(name), { scale: 'smoke', values: { epochs: 4 } });

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'tailnas-tasks-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const planned = (more: Partial<Request> = {}) =>
  planRuns({
    plans: ['darts', 'hls-continued-class', 'hls-continued-half'].map(small),
    base: small('hls'),
    seeds: [1, 2],
    data: { spec: 'mnist' },
    overrides: { scale: 'smoke', epochs: 4 },
    given: {},
    out,
    ...more,
  });
const carrying = () => ({ out, threads: 2, use: [] });

describe('tasks', () => {
  it('are a search with all that goes on from it, in one order whatever is done', () => {
    const plan = planned();
    const names = ['darts-seed-1', 'hls-seed-1', 'darts-seed-2', 'hls-seed-2'];
    expect(tasksOf(plan).map(({ name }) => name)).toEqual(names);
    expect(tasksOf(plan)[1]?.runs.map(({ name }) => name)).toEqual([
      'hls-seed-1',
      'hls-continued-class-seed-1',
      'hls-continued-half-seed-1',
    ]);
    // Once both have begun, nobody needs the search any more, and it is no part of the plan.
    const later = plan
      .filter(({ name }) => name !== 'hls-seed-1')
      .map((run) => ({ ...run, state: 'done' as const, parent: undefined }));
    expect(tasksOf(later).map(({ name }) => name)).toEqual(names);
    expect(tasksOf(later).every(isDone)).toBe(true);
    expect(tasksOf(plan).some(isDone)).toBe(false);
    writePlan(plan, carrying());
    expect(requireTask(later, { ...carrying(), number: 1 }).runs.map(({ name }) => name)).toEqual([
      'hls-continued-class-seed-1',
      'hls-continued-half-seed-1',
    ]);
  });

  it('are refused where the folder with their plan cannot be seen, by the name of the host', () => {
    expect(() => requireTask(planned(), { ...carrying(), number: 0 })).toThrow(
      `Cannot run task 0 of ${out} on host ${hostname()}: plan.json must be there, it is not; make it with the same ` +
        'words and --commands or --on, in a folder that all machines share',
    );
  });

  it.each([
    ['other seeds', { seeds: [2, 3] }, /task 0 is darts-seed-1 there, darts-seed-2 here/],
    ['fewer', { seeds: [1] }, /4 tasks there, 2 here/],
    ['other flags', { given: { momentum: 0.5 } }, /has "darts-seed-1: search darts .*" there, ".* --momentum 0.5 /],
  ])('are refused of another plan: %s', (_, more, difference) => {
    writePlan(planned(), carrying());
    const find = () => requireTask(planned(more), { ...carrying(), number: 0 });
    expect(find).toThrow('it must be of the plan in plan.json, it is of another');
    expect(find).toThrow(difference);
  });

  it('are refused on a machine that computes other digits, and where plan.json is damaged', () => {
    writePlan(planned(), carrying());
    const file = join(out, 'plan.json');
    const { seal: _, ...plan } = JSON.parse(readFileSync(file, 'utf8'));
    const other = { ...plan, versions: { ...plan.versions, kernels: 'fused, avx1024' } };
    writeFileSync(file, JSON.stringify(sealed(other)));
    expect(() => requireTask(planned(), { ...carrying(), number: 0 })).toThrow(
      /kernels is fused, avx1024 there and .* here; choose equal machines, or set TAILNAS_KERNELS to what all have/,
    );
    writeFileSync(file, JSON.stringify({ ...other, seal: 'x' }));
    expect(() => requireTask(planned(), { ...carrying(), number: 0 })).toThrow(
      /plan.json is damaged: .*; submit again/,
    );
  });

  it('have numbers from 0', () => {
    writePlan(planned(), carrying());
    expect(requireTask(planned(), { ...carrying(), number: 3 }).name).toBe('hls-seed-2');
    expect(() => requireTask(planned(), { ...carrying(), number: 4 })).toThrow('the number must be below 4');
  });
});

describe('the number of a task', () => {
  it.each([
    [{ SLURM_ARRAY_TASK_ID: '4' }, 4],
    [{ JOB_COMPLETION_INDEX: '0' }, 0],
    [{ PARALLEL_SEQ: '1' }, 0],
    [{ SLURM_ARRAY_TASK_ID: '', PARALLEL_SEQ: '3' }, 2],
  ])('is what the array says: %j', (env, number) => {
    expect(taskNumber(env)).toBe(number);
  });

  it('must be one', () => {
    expect(() => taskNumber({})).toThrow('--task without a number needs one of SLURM_ARRAY_TASK_ID, JOB_');
    expect(() => taskNumber({ PARALLEL_SEQ: '0' })).toThrow('PARALLEL_SEQ: it must be a whole number >= 1, it is "0"');
    expect(() => taskNumber({ SLURM_ARRAY_TASK_ID: 'x' })).toThrow('it must be a whole number >= 0, it is "x"');
  });
});
