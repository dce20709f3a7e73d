import { join } from 'node:path';
import { type Plan, scaled, training } from '../../src/experiment/index.js';
import { startRun } from '../../src/session/index.js';
import { writeImages } from './images.js';

const cell = {
  nodes: [
    [
      { op: 'sep_conv_3x3', from: 0 },
      { op: 'skip_connect', from: 1 },
    ],
    [
      { op: 'avg_pool_3x3', from: 0 },
      { op: 'max_pool_3x3', from: 2 },
    ],
  ],
  concat: [2, 3],
};

/** A training that takes seconds. */
const plan = (): Plan => {
  const network = { name: 'cells', genotypes: { backbone: { normal: cell, reduction: cell } } };
  const values = { epochs: 1, channels: 4, batchSize: 8 };
  return scaled(training(network), { scale: 'smoke', values });
};

/** The same with both heads: tested at every mixing, of which the validation images choose one. */
export const twoHeads = (): Plan => {
  const genotypes = {
    backbone: { normal: cell, reduction: cell },
    instance: { normal: cell },
    class: { normal: cell },
  };
  const values = { epochs: 1, channels: 4, batchSize: 8, bilateral: true, auxiliary: 0 };
  return scaled(training({ name: 'cells', genotypes }), { scale: 'smoke', values });
};

/** Carries a training on small made-up images out in `folder`; returns the run's folder. The images stay in `images/`. */
export const trainedRun = async (
  folder: string,
  { grey = false, plan: given = plan(), name = 'run' }: { grey?: boolean; plan?: Plan; name?: string } = {},
): Promise<string> => {
  const spec = join(folder, 'images');
  await writeImages(join(spec, 'train'), { cat: 16, 'dog | "wild"': 9, owl: 6 });
  await writeImages(join(spec, 'test'), { cat: 3, 'dog | "wild"': 3, owl: 3 });
  const data = { spec, imbalance: 'natural', imbalanceRatio: 1, imageSize: 15, grey } as const;
  const out = join(folder, name);
  for await (const _ of startRun({ plan: given, data, seed: 1, device: 'cpu', threads: 1, out }, { force: true }));
  return out;
};
