// How many images a second are predicted, decoding included, of a ResNet-32 (69 million multiply-adds at 32 px):
// node --import tsx bench/predict.ts [--images 2000] [--threads 2] [--size 32]
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { z } from 'zod';
import { listing } from '../src/cli/format.js';
import { findImages, imageBatches, Rng } from '../src/data/index.js';
import { networkOf, scaled, training } from '../src/experiment/index.js';
import { openRun } from '../src/run/index.js';
import { open, predictions, shapeOf, startRun } from '../src/session/index.js';
import { threads } from '../src/tensor/index.js';

const { values } = parseArgs({
  options: { images: { type: 'string' }, threads: { type: 'string' }, size: { type: 'string' } },
});
const number = (n: number) => z.coerce.number().int().positive().default(n);
const {
  images,
  size,
  threads: n,
} = z.object({ images: number(2_000), size: number(32), threads: number(threads.get()) }).parse(values);

const BATCH = 64;
const folder = mkdtempSync(join(tmpdir(), 'tailnas-bench-'));
const rng = new Rng(1, 'bench');
/** JPEGs of about 1 kB: blurred noise, as photographs of that size are. */
const draw = async (name: string, count: number): Promise<void> => {
  for (const c of ['a', 'b']) mkdirSync(join(folder, name, c), { recursive: true });
  for (let i = 0; i < count; i++) {
    const bytes = Uint8Array.from({ length: 64 * 3 }, () => rng.below(256));
    await sharp(bytes, { raw: { width: 8, height: 8, channels: 3 } })
      .resize(size, size)
      .jpeg()
      .toFile(join(folder, name, i % 2 === 0 ? 'a' : 'b', `${i}.jpg`));
  }
};

/** Images per second of wall-clock time and of processor time. */
const rate = async (work: () => Promise<void> | void): Promise<string> => {
  const [wall, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  const [seconds, busy] = [(performance.now() - wall) / 1000, (user + system) / 1e6];
  return `${Math.round(images / seconds)} img/s, ${Math.round(images / busy)} per second of a core`;
};

try {
  await draw('train', 8);
  await draw('test', 4);
  await draw('photos', images);
  const plan = scaled(training(networkOf('resnet32', { seed: 0, openRun })), {
    scale: 'small',
    values: { epochs: 1, batchSize: 4 },
  });
  const data = { spec: folder, imbalance: 'natural', imbalanceRatio: 1, imageSize: size } as const;
  const out = join(folder, 'run');
  for await (const _ of startRun({ plan, data, seed: 0, device: 'cpu', threads: n, out }, { force: true }));
  threads.set(n);
  const model = open(out);
  const shape = shapeOf(model);
  const found = await findImages([join(folder, 'photos')]);
  const bytes = new Uint8Array(BATCH * size ** 2 * shape.channels).map(() => rng.below(256));
  const network = (): void => {
    for (let i = 0; i < images; i += BATCH) model.logits(bytes).dispose();
  };
  const decode = async (): Promise<void> => {
    for await (const _ of imageBatches(found.files, { ...shape, batchSize: BATCH }));
  };
  const both = async (): Promise<void> => {
    for await (const _ of predictions(model, found));
  };
  model.logits(bytes).dispose(); // warms up
  const measured: [string, string][] = [
    ['network alone', await rate(network)],
    ['decoding alone', await rate(decode)],
    ['predict', await rate(both)],
  ];
  console.log(`${images} JPEGs of ${size}×${size}, ResNet-32, ${n} threads`);
  console.log(listing([...measured, ['memory at most', `${Math.round(process.resourceUsage().maxRSS / 1000)} MB`]]));
  model.dispose();
} finally {
  rmSync(folder, { recursive: true });
}
