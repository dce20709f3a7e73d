import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bytesOf, rest, tinyContinued, tinyPlan, tinyRun } from '../../test/support/tiny.js';
import { bilateralNetwork } from '../net/index.js';
import { constant } from '../schedule/index.js';
import {
  liveTensors,
  parseSafetensors,
  readMetadata,
  scope,
  type Tensor,
  toSafetensors,
  zeros,
} from '../tensor/index.js';
import { readStanding } from './index.js';

const sizes = { epochs: 1, channels: 1, layers: 1, nodes: 1 };
const hls = tinyContinued([{ name: 'continued', share: 1, mixing: constant(0.5) }], sizes);

/** A run whose first epoch and one step more are done. */
const stepped = async (): Promise<Buffer> => {
  const live = tinyRun(hls.phases, { seed: 3 });
  try {
    for await (const event of live) if (event.type === 'step' && event.epoch === 1) return bytesOf(live);
  } finally {
    live.dispose();
  }
  throw new Error('the run never came there');
};

/** A checkpoint as it would be with other tensors or metadata. */
const changed = (
  bytes: Uint8Array,
  change: (file: { tensors: Record<string, Tensor>; metadata: Record<string, string> }) => void,
): Buffer => {
  const { tensors, metadata } = parseSafetensors(bytes);
  const file = { tensors: { ...tensors }, metadata: { ...metadata } };
  change(file);
  return Buffer.concat(toSafetensors(file.tensors, { metadata: file.metadata }));
};

describe('a checkpoint', () => {
  it('names every tensor, and says its format, its layout and where its run stands', async () => {
    const bytes = await stepped();
    const { metadata, tensors } = parseSafetensors(bytes);
    const { store, alphas, dispose } = bilateralNetwork({ ...sizes, classes: 3, inputChannels: 3 });
    const names = [
      ...store.parameters.map(({ name }) => `weight/${name}`),
      ...[...store.buffers.keys()].map((name) => `buffer/${name}`),
      ...alphas.map(({ component, kind }) => `alpha/${component}.${kind}`),
      ...alphas.flatMap((_, i) => ['first', 'second', 'steps'].map((name) => `arch-optimizer/${i}.${name}`)),
      'weight-optimizer/momentum',
      'rng',
    ];
    expect(Object.keys(tensors).sort()).toEqual(names.sort());
    for (const { name, shape } of store.parameters) expect(tensors[`weight/${name}`]?.shape).toEqual(shape);
    const layout = createHash('sha256').update(JSON.stringify(store.layout)).digest('hex');
    expect(metadata).toMatchObject({ format: '2', layout });
    expect(readStanding(bytes)).toMatchObject({ epoch: 1, step: 1, phase: { index: 1, first: 1 } });
    dispose();
  });

  it('is the same to the byte when the run is restored from it', async () => {
    const bytes = await stepped();
    const live = tinyRun(hls.phases, { seed: 3, resume: bytes });
    expect(bytesOf(live).equals(bytes)).toBe(true);
    live.dispose();
  });

  it('of another network is refused by its layout, whatever its tensors', async () => {
    const bytes = await stepped();
    const before = liveTensors();
    for (const other of [
      tinyPlan({ ...sizes, nodes: 2 }, 'hls'),
      tinyPlan(sizes),
      tinyPlan({ ...sizes, channels: 2 }, 'hls'),
    ])
      expect(() => tinyRun(other.phases, { resume: bytes })).toThrow(
        /^Cannot use checkpoint: its network must have the layout [0-9a-f]{12}…, it has [0-9a-f]{12}…: the network/,
      );
    expect(liveTensors()).toBe(before);
  });

  it('is of a format that is known, and of format 2 only with the hash of its layout', async () => {
    const bytes = await stepped();
    const resume = (change: (metadata: Record<string, string>) => void) => () =>
      tinyRun(hls.phases, { resume: scope(() => changed(bytes, ({ metadata }) => change(metadata))) });
    const before = liveTensors();
    expect(resume((metadata) => Object.assign(metadata, { format: '3' }))).toThrow(
      'Cannot use checkpoint: its format must be 1 or 2, it is 3: a newer tailnas wrote it',
    );
    expect(resume((metadata) => delete metadata['layout'])).toThrow(
      'Cannot use checkpoint: it must have a hash of its network’s layout, it has none',
    );
    // Not taken for one of format 1, which has no names of weights.
    const formatless = resume((metadata) => {
      delete metadata['format'];
      delete metadata['layout'];
    });
    expect(formatless).toThrow(/its "weights" must have shape \[\d+\], it is missing/);
    expect(liveTensors()).toBe(before);
  });

  it('that lacks a tensor, or has one of another shape, is refused by its name', async () => {
    const bytes = await stepped();
    const resume = (other: Buffer) => () => tinyRun(hls.phases, { resume: other });
    expect(resume(changed(bytes, ({ tensors }) => delete tensors['weight-optimizer/momentum']))).toThrow(
      'its "weight-optimizer/momentum" must have shape [1513], it is missing; is it of another run?',
    );
    const wrong = changed(bytes, ({ tensors }) => {
      tensors['alpha/class.normal'] = zeros([3, 8]);
    });
    expect(resume(wrong)).toThrow('its "alpha/class.normal" must have shape [2, 8], it has [3, 8]');
    expect(resume(changed(bytes, ({ tensors }) => delete tensors['rng']))).toThrow('it has no random state');
  });
});

describe('a checkpoint of format 1', () => {
  // Written by tailnas 0.1.0 at commit 6b3eb85: this search with seed 3, two steps into its second phase.
  const file = new URL('../../test/fixtures/checkpoint-format-1.safetensors.gz', import.meta.url);
  const old = gunzipSync(readFileSync(file));

  it('is restored exactly', () => {
    const live = tinyRun(hls.phases, { seed: 3, resume: old });
    const restored = bytesOf(live);
    live.dispose();
    const [ours, theirs] = [parseSafetensors(restored), parseSafetensors(old)];
    const { weights, ...others } = theirs.tensors;
    const { store, dispose } = bilateralNetwork({ ...sizes, classes: 3, inputChannels: 3 });
    const flat = store.parameters.flatMap(({ name }) => ours.tensors[`weight/${name}`]?.toArray() ?? []);
    dispose();
    expect(flat).toEqual(weights?.toArray());
    for (const [name, t] of Object.entries(others)) expect(ours.tensors[name]?.toArray(), name).toEqual(t.toArray());
    expect(Object.keys(ours.tensors)).toHaveLength(Object.keys(others).length + store.parameters.length);
    const { weightNorm, alphaNorm, ...totals } = JSON.parse(readMetadata(old)['standing'] ?? '').totals;
    expect(readStanding(restored).totals).toEqual({ ...totals, gradNorm: { weights: weightNorm, alpha: alphaNorm } });
    expect(readStanding(restored).streams).toEqual(JSON.parse(readMetadata(old)['standing'] ?? '').streams);
  });

  it('is continued from: in its second phase, with the batches that come next', async () => {
    const live = tinyRun(hls.phases, { seed: 3, resume: old });
    expect([live.epoch, live.snapshot().step]).toEqual([1, 2]);
    const events = await rest(live);
    live.dispose();
    expect(events).toContainEqual(expect.objectContaining({ type: 'step', epoch: 1, step: 3, steps: 4 }));
    expect(events.at(-1)).toMatchObject({ phase: 'continued', epoch: 1, knobs: { mixing: 0.5 } });
  });
});
