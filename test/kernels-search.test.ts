import { describe, expect, it, onTestFinished } from 'vitest';
import { darts, plainObjective } from '../src/learn/index.js';
import { crossEntropyLoss } from '../src/loss/index.js';
import { type NetShape, searchNetwork } from '../src/net/index.js';
import { rng, scope, threads } from '../src/tensor/index.js';
import { given } from './support/fixtures.js';
import { runWith } from './support/kernels.js';
import { batchesOf } from './support/kernels-nets.js';
import type { Course } from './support/kernels-search.js';

const CLASSES = 5;
const shapeWith = (rest: Partial<NetShape>): NetShape => ({
  channels: 6,
  layers: 4,
  nodes: 2,
  classes: CLASSES,
  inputChannels: 3,
  ...rest,
});

describe('a fused search', () => {
  it('repeats itself to the bit with the same seed and two threads', () => {
    const before = threads.get();
    threads.set(2);
    onTestFinished(() => threads.set(before));
    const run = (seed: number) =>
      scope(() => {
        rng.seed(seed);
        const net = searchNetwork(shapeWith({ channels: 6, layers: 3, fused: true }));
        const learner = darts({
          net,
          objective: plainObjective(net, crossEntropyLoss().build([])),
          streams: [
            { part: 'train', sampling: 'instance' },
            { part: 'valid', sampling: 'instance' },
          ],
          order: 2,
          momentum: 0.9,
          weightDecay: 3e-4,
          gradClip: 5,
          archOptimizer: 'adam',
          archWeightDecay: 0,
        });
        const reports = [0, 1].map((step) => {
          const size = { streams: 1, images: 5, height: 16, width: 19, classes: CLASSES, dtype: 'float32' } as const;
          const batches = [...batchesOf(step, size), ...batchesOf(step + 9, size)];
          return learner.step(batches, { epoch: 0, step, knobs: { weightLr: 0.025, 'archLr.backbone': 3e-4 } });
        });
        const tensors = [net.store.flat, ...net.store.buffers.values(), ...net.alphas.map(({ value }) => value)];
        return { reports, bits: tensors.map((t) => Buffer.from(t.data().buffer.slice(0)).toString('base64')) };
      });
    const first = run(3);
    for (let again = 0; again < 3; again++) expect(run(3)).toEqual(first);
    expect(run(4)).not.toEqual(first);
  });

  it('goes the way of the plain one', async () => {
    const fused = (await runWith('kernels-search', undefined)) as Course;
    const plain = (await runWith('kernels-search', 'composite')) as Course;
    expect(plain.losses).toHaveLength(8);
    for (const [i, loss] of plain.losses.entries())
      expect(Math.abs(given(fused.losses[i]) - loss), `step ${i}`).toBeLessThan(1e-3);
    // In the last digits they differ: were they equal, the variable would have turned nothing off.
    expect(fused.losses).not.toEqual(plain.losses);
    expect(fused.genotypes).toEqual(plain.genotypes);
  });
});
