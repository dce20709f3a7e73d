// Seconds a whole search step (alpha and weights, optimizers and clipping included) and peak memory, beside PyTorch, in one run, in turn.
// npx tsx bench/step.ts [--method darts|hls] [--batch 32] [--channels 16] [--layers 8] [--threads 2] [--rounds 3] [--json]
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { table } from '../src/cli/format.js';
import { median, python } from './python.js';

const { values } = parseArgs({
  options: {
    method: { type: 'string', default: 'darts' },
    batch: { type: 'string', default: '32' },
    channels: { type: 'string', default: '16' },
    layers: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const { method, batch, channels, layers, threads } = values;
const size = ['--method', method, '--batch', batch, '--channels', channels, '--layers', layers, '--threads', threads];
const timing = z.object({ median: z.number(), peakMemoryBytes: z.number() });

// A process of its own for each, as PyTorch has: peak memory is the process's.
const own = (kernels?: string): unknown =>
  JSON.parse(
    execFileSync(process.execPath, ['--import', 'tsx', new URL('own-step.ts', import.meta.url).pathname, ...size], {
      encoding: 'utf8',
      env: { ...process.env, ...(kernels === undefined ? {} : { TAILNAS_KERNELS: kernels }) },
    }),
  );
const contenders: Record<string, () => unknown> = {
  tailnas: () => own(),
  'tailnas, plain operators': () => own('composite'),
  'PyTorch, channels-last': () => python('step_time.py', [...size, '--layout', 'channels_last']),
  'PyTorch, NCHW': () => python('step_time.py', [...size, '--layout', 'nchw']),
};
const found: Record<string, z.infer<typeof timing>[]> = {};
for (let round = 0; round < Number(values.rounds); round++)
  for (const [name, run] of Object.entries(contenders)) found[name] = [...(found[name] ?? []), timing.parse(run())];

const rows = Object.entries(found).map(([name, runs]) => {
  const seconds = runs.map((r) => r.median);
  const ratios = runs.map((r, i) => r.median / (found.tailnas?.[i]?.median ?? Number.NaN));
  return {
    name,
    seconds: median(seconds),
    spread: [Math.min(...seconds), Math.max(...seconds)],
    ratio: median(ratios),
    peakMemoryBytes: median(runs.map((r) => r.peakMemoryBytes)),
  };
});
console.log(
  values.json
    ? JSON.stringify({ method, channels, layers, batch, threads, rows })
    : table(
        [
          [
            `search step of ${method}, batch ${method === 'hls' ? '2 × ' : ''}${batch}`,
            'seconds',
            'min–max',
            '× tailnas',
            'peak memory',
          ],
          ...rows.map((r) => [
            r.name,
            r.seconds.toFixed(2),
            r.spread.map((s) => s.toFixed(2)).join('–'),
            r.ratio.toFixed(2),
            `${(r.peakMemoryBytes / 1e9).toFixed(2)} GB`,
          ]),
        ],
        { right: [1, 2, 3, 4] },
      ),
);
