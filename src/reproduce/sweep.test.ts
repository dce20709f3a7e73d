import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scaled, training } from '../experiment/index.js';
import { writeFitOutcome, writeFitPlan } from '../run/index.js';
import { childArguments } from './child.js';
import { expectedSeconds } from './cost.js';
import { choicesOf, planSweep, type Sweep } from './sweep.js';
import { tasksOf } from './tasks.js';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'tailnas-sweep-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const DATA = { spec: 'mnist' };
const network = training({ name: 'resnet(8)', genotypes: null }, { what: 'resnet8' });

const trainings = (more: Partial<Sweep> = {}): Sweep => ({
  what: 'resnet8',
  seeds: [1, 2],
  choices: choicesOf({ loss: ['cross-entropy', 'focal(2)'] }),
  wanted: (_, values) => ({ plan: scaled(network, { scale: 'smoke', values }), overrides: { scale: 'smoke' } }),
  command: ({ loss = '' }) => ['train', 'resnet8', '--loss', String(loss)],
  data: DATA,
  out,
  ...more,
});

describe('choices', () => {
  it('are every value of one option with every value of the others', () => {
    expect(choicesOf({})).toEqual([{}]);
    expect(choicesOf({ loss: ['a', 'b'], sampling: ['c', 'd'] })).toEqual([
      ...[
        { loss: 'a', sampling: 'c' },
        { loss: 'a', sampling: 'd' },
      ],
      ...[
        { loss: 'b', sampling: 'c' },
        { loss: 'b', sampling: 'd' },
      ],
    ]);
  });
});

describe('the plan of a sweep', () => {
  it('has a run for each seed and choice, which is a task of its own', () => {
    const plan = planSweep(trainings());
    const names = [1, 2].flatMap((seed) => [
      `resnet8-loss-cross-entropy-seed-${seed}`,
      `resnet8-loss-focal-2-seed-${seed}`,
    ]);
    expect(plan.map(({ name, state }) => `${name} ${state}`)).toEqual(names.map((name) => `${name} start`));
    expect(tasksOf(plan).map(({ name }) => name)).toEqual(names);
    const [, second] = plan;
    expect(second && childArguments(second, { threads: 3 }).join(' ')).toBe(
      `train resnet8 --loss focal(2) --seed 1 --threads 3 --out ${join(out, 'runs', names[1] ?? '')} --quiet --json`,
    );
  });

  it('refuses two rows of one name', () => {
    const choices = choicesOf({ loss: ['focal(2)', 'focal(2.)'] });
    expect(planSweep(trainings({ choices: choices.slice(1) }))).toHaveLength(2);
    expect(() => planSweep(trainings({ choices: [...choices, ...choices] }))).toThrow(
      /^Cannot sweep: two of its rows are/,
    );
  });
});

describe('a sweep of fits', () => {
  const asked = { budgetSeconds: 600, search: 'darts', recipe: 'plain' };
  const fits = (more: Partial<Sweep> = {}): Sweep =>
    trainings({ what: 'fit', choices: [{}], wanted: () => asked, command: () => ['fit', '--budget', '600s'], ...more });
  const leave = (seed: number, { done = false } = {}): void => {
    const path = join(out, 'runs', `fit-seed-${seed}`);
    mkdirSync(path, { recursive: true });
    const part = (what: string) => ({ what, values: { recipe: 'plain' }, expectedSeconds: 1 });
    writeFitPlan(path, {
      ...{ format: 1, budgetSeconds: 600, seed, device: 'cpu', threads: 1, nodes: 1, fingerprint: 'x', command: [] },
      ...{
        data: DATA,
        parts: { search: part('darts'), network: part('search'), random: part('random'), resnet: part('x') },
      },
    });
    if (done) writeFitOutcome(path, { format: 1, best: 'resnet' });
  };

  it('knows how far each is, and what is left at most', async () => {
    leave(1, { done: true });
    leave(2);
    const plan = planSweep(fits({ seeds: [1, 2, 3] }));
    expect(plan.map(({ name, state }) => `${name} ${state}`)).toEqual([
      ...['fit-seed-1 done', 'fit-seed-2 resume', 'fit-seed-3 start'],
    ]);
    const expected = await expectedSeconds(plan, { data: DATA, threads: 1 });
    expect([...expected.values()]).toEqual([600, 600]);
  });

  it.each([
    [{ budgetSeconds: 60 }, '--budget 60s', '--budget 600s'],
    [{ search: 'hls' }, '--search hls', '--search darts'],
    [{ recipe: 'strong' }, '--recipe strong', '--recipe plain'],
  ])('refuses one that was made otherwise: %j', (other, now, was) => {
    leave(1);
    const sweep = fits({ wanted: () => ({ ...asked, ...other }) });
    expect(() => planSweep(sweep)).toThrow(
      `it must be made as asked now (${now}), it was made otherwise (${was}); give another --out, or the flags`,
    );
  });
});
