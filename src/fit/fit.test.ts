import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { given } from '../../test/support/fixtures.js';
import { writeImages } from '../../test/support/images.js';
import { outcomeOf } from '../../test/support/outcome.js';
import { bestOf, fitResults, searchHelped } from '../measure/index.js';
import {
  type FitPlan,
  fitPartDir,
  fitParts,
  openRun,
  readFitOutcome,
  readFitPlan,
  writeFitPlan,
} from '../run/index.js';
import { fit, resumeFit } from './index.js';

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tailnas-fit-'));
  await writeImages(path('data/train'), { few: 6, many: 20, some: 10 });
  await writeImages(path('data/test'), { few: 3, many: 3, some: 3 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const request = (out: string) => ({
  data: { spec: path('data'), imageSize: 16 },
  ...{ budgetSeconds: 600, seed: 1, device: 'cpu', threads: 1 },
  out: path(out),
});

/** Two epochs of everything. */
const shortened = (plan: FitPlan): FitPlan => {
  const part = (name: (typeof fitParts)[number]) => ({
    ...plan.parts[name],
    values: { ...plan.parts[name].values, epochs: 2, steps: 2 },
  });
  return {
    ...plan,
    parts: { search: part('search'), network: part('network'), random: part('random'), resnet: part('resnet') },
  };
};

/** Carries a fit on until `stop` says so. */
const goOn = async (events: ReturnType<typeof resumeFit>, stop: (n: number) => boolean, abort: AbortController) => {
  let n = 0;
  let next = await events.next();
  for (; !next.done; next = await events.next()) {
    if (next.value.type === 'step' && stop(n++)) abort.abort();
  }
  return next.value;
};

const outcome = (dir: string) => fitParts.map((name) => outcomeOf(fitPartDir(dir, name)));

describe('fit', () => {
  it('decides first, stops when told, and ends in the same bytes however often it was stopped', async () => {
    // Planned and stopped at its first step.
    const first = new AbortController();
    const stopped = await goOn(fit(request('a'), { signal: first.signal }), () => true, first);
    expect(stopped).toMatchObject({ interrupted: true });
    const plan = readFitPlan(path('a'));
    const seconds = Object.values(plan.parts).map((part) => part.expectedSeconds);
    expect(seconds.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(plan.budgetSeconds);
    expect(plan.data).toMatchObject({ imbalance: 'natural', spec: path('data') });
    expect(existsSync(fitPartDir(path('a'), 'network'))).toBe(false);
    expect(() => openRun(path('a'))).toThrow(/its fit must be finished, it is not; continue it with `tailnas resume/);

    rmSync(fitPartDir(path('a'), 'search'), { recursive: true });
    writeFitPlan(path('a'), shortened(plan));
    cpSync(path('a'), path('b'), { recursive: true });

    const whole = await goOn(resumeFit(path('a')), () => false, new AbortController());
    expect(whole).toMatchObject({ interrupted: false });

    for (let i = 0; i < 30 && readFitOutcome(path('b')) === undefined; i++) {
      const abort = new AbortController();
      await goOn(resumeFit(path('b'), { signal: abort.signal }), (n) => n === i % 3, abort);
    }
    expect(outcome(path('b'))).toEqual(outcome(path('a')));
    expect(readFitOutcome(path('b'))).toEqual(readFitOutcome(path('a')));
  });

  it('stands for its best network, which the validation images choose', () => {
    const fit = given(readFitOutcome(path('a')));
    expect(openRun(path('a')).path).toBe(join(path('a'), fit.best));
  });

  it('says whether the search helped, against a random cell of the same sizes and a ResNet', async () => {
    const { fit } = await goOn(resumeFit(path('a')), () => false, new AbortController());
    const results = fitResults(given(fit));
    expect(results.map(({ name }) => name)).toEqual(['network', 'random', 'resnet']);
    expect(bestOf(results).valid).toBe(Math.max(...results.map(({ valid }) => valid ?? 0)));
    const [network, random] = results.map(({ run }) => run.info.experiment.options);
    expect({ ...network }).toEqual({ ...random });
    const helped = searchHelped(results);
    expect(helped.map(({ against }) => against)).toEqual(['random', 'resnet']);
    for (const { text } of helped) expect(text).toMatch(/^(Yes, it beats|No, .* does better|Not measurably, against)/);
  });

  it('refuses a folder that holds something, a budget that is too small, and data that have changed', async () => {
    await expect(fit(request('a')).next()).rejects.toThrow(/already holds a fit; continue it with `tailnas resume/);
    await expect(fit({ ...request('c'), out: path('data') }).next()).rejects.toThrow(/must be an empty folder/);
    const tight = fit({ ...request('c'), budgetSeconds: 0.1 });
    await expect(tight.next()).rejects.toThrow(/Cannot fit: the budget must be about .* use --budget/);
    expect(existsSync(path('c'))).toBe(false);

    cpSync(path('a'), path('d'), { recursive: true });
    rmSync(join(path('d'), 'result.json'));
    writeFitPlan(path('d'), { ...readFitPlan(path('d')), fingerprint: 'other' });
    await expect(resumeFit(path('d')).next()).rejects.toThrow(/its data must not have changed/);
  });
});
