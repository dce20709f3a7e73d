import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptCheckpoint, editJson } from '../../test/support/edit-run.js';
import { given } from '../../test/support/fixtures.js';
import { writeImages } from '../../test/support/images.js';
import { tinyPlan } from '../../test/support/tiny.js';
import { batchToTensors } from '../augment/index.js';
import type { Dataset } from '../data/index.js';
import { type Plan, scaled, training } from '../experiment/index.js';
import type { Learner } from '../learn/index.js';
import { type Phase, totalEpochs } from '../loop/index.js';
import { testing } from '../nn/index.js';
import { openRun } from '../run/index.js';
import { argmax, liveTensors, noGrad, parseSafetensors, rng, scope, toSafetensors } from '../tensor/index.js';
import { type DataRequest, open, planData, type RunResult, startRun } from './index.js';

let folder: string;
let data: DataRequest;
let dataset: Dataset;
const path = (...names: string[]): string => join(folder, ...names);

/** The plan, and what its learner is when a run has built it. */
const caught = (plan: Plan): { plan: Plan; learner: () => Learner } => {
  let learner: Learner | undefined;
  const phases = plan.phases.map(({ start, ...phase }): Phase => {
    if (start === undefined) return phase;
    return {
      ...phase,
      start: (...args) => {
        learner = start(...args);
        return learner;
      },
    };
  });
  return {
    plan: { ...plan, phases },
    learner: () => {
      if (learner === undefined) throw new Error('the run has built no learner');
      return learner;
    },
  };
};

/**
 * Carries a run out. Returns what its network answers to the test images at every setting, taken from it while it
 * lives.
 */
const run = async (name: string, given: Plan) => {
  const { plan, learner } = caught(given);
  const events = startRun({ plan, data, seed: 1, device: 'cpu', threads: 1, out: path(name) }, { force: true });
  const last = totalEpochs(plan.phases) - 1;
  let answers: { at: unknown; logits: number[] }[] = [];
  let next = await events.next();
  for (; !next.done; next = await events.next()) {
    if (next.value.type !== 'epoch' || next.value.record.epoch !== last) continue;
    const { model } = learner();
    const { test, mean, std } = dataset;
    answers = scope(() =>
      noGrad(() => {
        const { images } = batchToTensors({ ...test, mean, std })({ images: test.images, labels: new Int32Array(9) });
        return model.answers(images, testing).map(({ at, logits }) => ({ at, logits: logits.toArray() }));
      }),
    );
  }
  const result: RunResult = next.value;
  return { answers, result };
};

const cell = {
  nodes: [
    [
      { op: 'sep_conv_3x3', from: 0 },
      { op: 'skip_connect', from: 1 },
    ],
  ],
  concat: [2],
};
const plans: readonly [string, () => Plan][] = [
  ['darts', () => tinyPlan({ epochs: 1, nodes: 1, channels: 2 })],
  ['hls-continued-half', () => tinyPlan({ epochs: 1, nodes: 1, channels: 2 }, 'hls-continued-half')],
  [
    'cells',
    () => {
      const network = { name: 'cells', genotypes: { backbone: { normal: cell, reduction: cell } } };
      return scaled(training(network), { scale: 'smoke', values: { epochs: 1, channels: 2, batchSize: 8 } });
    },
  ],
];
const finished = new Map<string, Awaited<ReturnType<typeof run>>>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tailnas-open-'));
  await writeImages(path('data', 'train'), { cat: 16, dog: 9, owl: 6 });
  await writeImages(path('data', 'test'), { cat: 3, dog: 3, owl: 3 });
  data = { spec: path('data'), imbalance: 'natural', imbalanceRatio: 1, imageSize: 16 };
  dataset = await (await planData(data)).load();
  for (const [name, plan] of plans) finished.set(name, await run(name, plan()));
  rmSync(path('data'), { recursive: true });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a run that is opened without its data', () => {
  it.each(plans.map(([name]) => name))('answers as its live network did, to the bit: %s', (name) => {
    const [before, random] = [liveTensors(), rng.state()];
    const opened = open(path(name));
    expect(rng.state()).toEqual(random);
    const { answers = [], result } = finished.get(name) ?? {};
    const live = answers.find(({ at }) => JSON.stringify(at) === JSON.stringify(opened.at));
    const logits = opened.logits(dataset.test.images);
    expect(logits.shape).toEqual([9, 3]);
    expect(logits.toArray()).toEqual(live?.logits);
    const fromBuffer = opened.logits(Buffer.from(dataset.test.images));
    expect(fromBuffer.toArray()).toEqual(live?.logits);
    fromBuffer.dispose();
    expect(opened.at).toEqual(result?.evaluation?.at);
    expect(opened.classes).toEqual(['cat', 'dog', 'owl']);
    const predicted = scope(() => argmax(logits, { dim: 1 }).toArray());
    const right = predicted.filter((c, i) => c === dataset.test.labels[i]).length;
    expect(right / 9).toBeCloseTo(result?.evaluation?.accuracy ?? Number.NaN, 12);
    logits.dispose();
    opened.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('refuses bytes that are no whole images', () => {
    const opened = open(path('darts'));
    for (const length of [0, 1, 16 * 16 * 3 + 1])
      expect(() => opened.logits(new Uint8Array(length))).toThrow(
        `Cannot answer images: their bytes must be a multiple of 768 (16×16×3), got ${length}`,
      );
    opened.dispose();
  });
});

describe('a run that cannot be opened', () => {
  const copy = (name: string): string => {
    cpSync(path('darts'), path(name), { recursive: true });
    return path(name);
  };
  const edit = (dir: string, change: (info: Record<string, Record<string, unknown>>) => void): void => {
    editJson(join(dir, 'run.json'), (text) => {
      const info = JSON.parse(text);
      change(info);
      return JSON.stringify(info);
    });
  };

  it('is no run folder, or has no checkpoint', () => {
    expect(() => open(folder)).toThrow('a run folder holds run.json, this one does not');
    const dir = copy('none');
    rmSync(join(dir, 'checkpoints'), { recursive: true });
    expect(() => open(dir)).toThrow(
      `Cannot open ${dir}: it is finished, but its checkpoints are not there; copy ${join(dir, 'checkpoints')} from`,
    );
    rmSync(join(dir, 'evaluation.json'));
    expect(() => open(dir)).toThrow(
      `Cannot open ${dir}: it must have a checkpoint, it has none yet; wait for its first epoch, or \`tailnas resume`,
    );
  });

  it('does not say how its images are prepared, as in format 1', () => {
    const dir = copy('old');
    edit(dir, ({ data: about }) => Object.assign(about ?? {}, { mean: null, std: null }));
    expect(() => open(dir)).toThrow(/must say how images are prepared, it is of format 1; .*tailnas evaluate/);
  });

  it('has the checkpoint of another network, and leaves no tensor behind', () => {
    const dir = copy('other');
    edit(dir, ({ experiment = {} }) => Object.assign(Object(experiment['options']), { channels: 3 }));
    adoptCheckpoint(dir);
    const before = liveTensors();
    const { file } = given(openRun(dir).checkpoints.newest());
    const there = join(dir, 'checkpoints', file);
    const refusal = (action: () => unknown) => expect(action).toThrow(/; restore the run\.json .*--use/);
    refusal(() => open(dir));
    expect(() => open(dir)).toThrow(`Cannot use checkpoint ${there}: its network must have the layout `);
    expect(liveTensors()).toBe(before);
  });

  it('has a checkpoint that a newer tailnas wrote, or none of a tailnas', () => {
    const dir = copy('newer');
    const { position, bytes } = given(openRun(dir).checkpoints.newest());
    const { tensors, metadata } = parseSafetensors(bytes);
    const replace = (pieces: readonly Uint8Array[]): string => {
      rmSync(join(dir, 'checkpoints'), { recursive: true });
      const run = openRun(dir, { write: true });
      run.checkpoints.save(position, pieces);
      run.close();
      return join(dir, 'checkpoints', given(run.checkpoints.newest()).file);
    };
    const before = liveTensors();
    const newer = replace(toSafetensors(tensors, { metadata: { ...metadata, format: '3' } }));
    expect(() => open(dir)).toThrow(
      `Cannot use checkpoint ${newer}: its format must be 1 or 2, it is 3: a newer tailnas`,
    );
    const noise = replace([Buffer.from('noise that is long enough')]);
    expect(() => open(dir)).toThrow(`Cannot use checkpoint ${noise}: it is damaged (Cannot read safetensors`);
    expect(liveTensors()).toBe(before);
    for (const tensor of Object.values(tensors)) tensor.dispose();
  });

  it('is of an experiment that this version does not have', () => {
    const dir = copy('unknown');
    edit(dir, ({ experiment = {} }) => Object.assign(experiment, { name: 'mine' }));
    expect(() => open(dir)).toThrow(`Cannot open run ${dir}: this version has no recipe "mine"`);
    expect(openRun(dir).info.experiment.name).toBe('mine');
  });
});
