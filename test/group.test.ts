import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OWN } from '../src/group/index.js';
import { firstOrder, keepingBuffers } from '../src/learn/arch-gradient.js';
import { ownShare } from '../src/loop/streams.js';
import type { TensorBatch } from '../src/nn/index.js';
import { adam, archOptimizer, clipNorm, sgd } from '../src/optim/index.js';
import {
  add,
  clone,
  copyEach,
  grad,
  inPlace,
  mul,
  noGrad,
  norm,
  scope,
  sub,
  type Tensor,
} from '../src/tensor/index.js';
import {
  batchesOf,
  type CaseName,
  caseNames,
  knobs,
  type Parts,
  parts,
  STEPS,
  settings,
  stateOf,
} from './support/group-cases.js';

const said = z.object({
  name: z.string(),
  hash: z.string(),
  reports: z.array(z.object({ loss: z.number(), accuracy: z.number() })),
  state: z.array(z.number()).optional(),
});
type Said = z.infer<typeof said>;

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'tailnas-group-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let groups = 0;
/** What a script says on stdout in each of several processes. */
const saidBy = (script: string, { size, dtype = 'float32' }: { size: number; dtype?: string }): Promise<string[]> => {
  const place = join(folder, `meeting-${groups++}`);
  const one = async (rank: number): Promise<string> => {
    const env = {
      ...process.env,
      [OWN.rank]: `${rank}`,
      [OWN.size]: `${size}`,
      [OWN.place]: place,
      GROUP_DTYPE: dtype,
    };
    const child = new URL(`support/${script}`, import.meta.url).pathname;
    const { stdout } = await run(process.execPath, ['--import', 'tsx', child], { env, maxBuffer: 2 ** 28 });
    return stdout;
  };
  return Promise.all(Array.from({ length: size }, (_, rank) => one(rank)));
};

/** What every case comes to in each of several processes. */
const inProcesses = async (size: number, dtype: 'float32' | 'float64'): Promise<Said[][]> => {
  const all = await saidBy('group-child.ts', { size, dtype });
  return all.map((text) =>
    text
      .trim()
      .split('\n')
      .map((line) => said.parse(JSON.parse(line))),
  );
};

/** The mean of what the shards gave, added up in their order. */
const meanOf = (found: readonly (readonly Tensor[])[]): Tensor[] =>
  noGrad(() =>
    (found[0] ?? []).map((first, i) => {
      const rest = found.slice(1).flatMap((of) => of[i] ?? []);
      return mul(
        rest.reduce((sum, t) => add(sum, t), first),
        1 / found.length,
      );
    }),
  );

/**
 * The steps of a case in one process, which computes every shard in turn and averages: gradients of weights and of
 * alpha, and in the end the running statistics, of which each shard has its own within a step. Written out, apart from
 * the learners.
 */
const reference = (made: Parts, size: number): number[] => {
  const { net, model, objective, order, joint, streams } = made;
  const { store } = model;
  const { momentum, weightDecay, gradClip, archWeightDecay } = settings;
  const lr = knobs.weightLr;
  const weights = sgd(store.flat, { momentum, weightDecay });
  const arch =
    net &&
    archOptimizer(net.alphas, { make: (value) => adam(value, { betas: [0.5, 0.999], weightDecay: archWeightDecay }) });
  const alphas = net?.alphas.map(({ value }) => value) ?? [];
  const pass = { training: true, knobs };
  const at = (w: Tensor, body: () => void): void => {
    const own = noGrad(() => clone(store.flat));
    noGrad(() => inPlace.copy(store.flat, w));
    body();
    noGrad(() => inPlace.copy(store.flat, own));
  };
  const rateOf = (component: string): number => knobs[`archLr.${component}`] ?? 0;

  const stepOn = (whole: readonly TensorBatch[]): void => {
    const shards = Array.from({ length: size }, (_, rank) => {
      const own = whole.map((batch) => ownShare(batch, { rank, size }));
      const of = (part: string) => own.filter((_, i) => streams[i]?.part === part);
      return { train: of('train'), valid: of('valid') };
    });
    const buffers = [...store.buffers.values()];
    const statistics = shards.map(() => noGrad(() => buffers.map((b) => clone(b))));
    /** On each shard, with the statistics that its own passes have left. */
    const each = <T>(body: (shard: (typeof shards)[number]) => T): T[] =>
      shards.map((shard, s) => {
        noGrad(() => copyEach(buffers, statistics[s] ?? []));
        const found = body(shard);
        statistics[s] = noGrad(() => buffers.map((b) => clone(b)));
        return found;
      });
    const ofWeights = (batches: readonly TensorBatch[], extra: readonly Tensor[] = []): Tensor[] => {
      const found = grad(objective(batches, pass).loss, [...store.leaves, ...extra], { unused: 'zeros' });
      const n = store.leaves.length;
      return noGrad(() => [store.gather(found.slice(0, n)), ...found.slice(n)]);
    };
    const moveAlpha = (gradients: readonly Tensor[]): void => noGrad(() => arch?.step(gradients, { rate: rateOf }));

    if (net !== undefined && !joint && order === 1) {
      const about = { store, objective, alphas: net.alphas, knobs };
      moveAlpha(meanOf(each((shard) => firstOrder({ ...about, ...shard }).gradients)));
    } else if (net !== undefined && !joint) {
      const [g] = meanOf(each(({ train }) => ofWeights(train)));
      if (g === undefined) throw new Error('no gradient');
      const moved = noGrad(() => {
        const { flat } = store;
        const direction = add(add(mul(weights.state.momentum, momentum), g), mul(flat, weightDecay));
        return sub(flat, mul(direction, lr));
      });
      let byAlpha: Tensor[][] = [];
      let length: Tensor[] = [];
      at(moved, () => {
        const found = each(({ valid }) => keepingBuffers(store, () => ofWeights(valid, alphas)));
        byAlpha = found.map((of) => of.slice(1));
        length = meanOf(found.map((of) => of.slice(0, 1)));
      });
      const [byWeights] = length;
      if (byWeights === undefined) throw new Error('no gradient');
      const R = 0.01 / norm(byWeights).item();
      const own = noGrad(() => clone(store.flat));
      const side = (distance: number): Tensor[][] => {
        let found: Tensor[][] = [];
        at(
          noGrad(() => add(own, mul(byWeights, distance))),
          () => {
            found = each(({ train }) => grad(objective(train, pass).loss, alphas, { unused: 'zeros' }));
          },
        );
        return found;
      };
      const [plus, minus] = [side(R), side(-R)];
      const gradients = noGrad(() =>
        byAlpha.map((of, s) =>
          of.map((g0, i) => {
            const [p, m] = [plus[s]?.[i], minus[s]?.[i]];
            return p === undefined || m === undefined ? g0 : sub(g0, mul(sub(p, m), lr / (2 * R)));
          }),
        ),
      );
      moveAlpha(meanOf(gradients));
    }
    const [flat, ...extra] = meanOf(each(({ train }) => ofWeights(train, joint ? alphas : [])));
    if (flat === undefined) throw new Error('no gradient');
    noGrad(() => {
      clipNorm(flat, { max: gradClip });
      weights.step(flat, { lr });
    });
    if (joint) moveAlpha(extra);
    noGrad(() => copyEach(buffers, meanOf(statistics)));
  };

  for (let step = 0; step < STEPS; step++) scope(() => stepOn(batchesOf(made, step)));
  const named = (t: Readonly<Record<string, Tensor>>, prefix: string) =>
    Object.fromEntries(Object.entries(t).map(([name, value]) => [`${prefix}/${name}`, value]));
  const state = stateOf(model, {
    ...Object.fromEntries(alphas.map((value, i) => [`${i}`, value])),
    ...named(weights.state, 'weights'),
    ...named(arch?.state ?? {}, 'arch'),
  });
  model.dispose();
  return state;
};

const hashOf = (state: readonly number[]): string =>
  createHash('sha256').update(Float64Array.from(state)).digest('hex');

describe('several processes that take steps together', () => {
  let two: Said[][];
  let four: Said[][];
  let again: Said[][];
  beforeAll(async () => {
    two = await inProcesses(2, 'float32');
    // Second order divides a small difference: in float32 its rounding alone would be seen.
    four = await inProcesses(4, 'float64');
    again = await inProcesses(4, 'float64');
  }, 300_000);

  const of = (name: CaseName, found: readonly Said[][]) =>
    found.map((one) => one.find((line) => line.name === name) ?? { hash: 'missing', reports: [], state: undefined });

  it.each(caseNames)('have the same numbers in all of them, to the bit: %s', (name) => {
    for (const found of [two, four]) {
      const all = of(name, found);
      expect(new Set(all.map(({ hash }) => hash)).size).toBe(1);
      expect(new Set(all.map(({ reports }) => JSON.stringify(reports))).size).toBe(1);
    }
  });

  it.each(caseNames)('are two, and equal one that computes both shards and averages, to the bit: %s', (name) => {
    const state = scope(() => reference(parts(name), 2));
    const [first] = of(name, two);
    expect(first?.state?.length).toBe(state.length);
    expect(first?.hash).toBe(hashOf(state));
  });

  it.each(caseNames)('are four, and equal themselves to the bit, and such a one but for rounding: %s', (name) => {
    expect(of(name, again).map(({ hash }) => hash)).toEqual(of(name, four).map(({ hash }) => hash));
    const state = scope(() => reference(parts(name, 'float64'), 4));
    const found = of(name, four)[0]?.state ?? [];
    expect(found.length).toBe(state.length);
    const scale = Math.max(...state.map(Math.abs));
    expect(Math.max(...state.map((x, i) => Math.abs(x - (found[i] ?? Number.NaN))))).toBeLessThan(1e-8 * scale);
  });

  it.each(caseNames)('differ from one process with the whole batch, whose statistics are of all images: %s', (name) => {
    const whole = scope(() => reference(parts(name), 1));
    const found = of(name, two)[0]?.state ?? [];
    expect(hashOf(found)).not.toBe(hashOf(whole));
  });
});

it('a process that stands still counts as gone after a while', async () => {
  const [first] = await saidBy('group-late.ts', { size: 2 });
  expect(first).toBe('Cannot go on: another of its 2 processes does not answer for 3 s');
}, 60_000);
