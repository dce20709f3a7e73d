// Times one piece of work (a search step, unless --task says another) on random images, as bench/pytorch/step_time.py does for PyTorch.
// node --import tsx bench/own-step.ts --batch 64 --steps 3
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { alone, type Group, joinGroup, launchOf, OWN, PeerError } from '../src/group/index.js';
import { memory, rng, threads, useDevice } from '../src/tensor/index.js';
import { spread } from './statistics.js';
import { prepare, work } from './work.js';

const asked = work.extend({
  threads: z.coerce.number().default(2),
  /** That take each step together, a share of the batch each. */
  processes: z.coerce.number().default(1),
  /** Prints the times of this many steps, as JSON. */
  steps: z.coerce.number().default(3),
  /** Instead: answers every line of stdin with one turn of at least so many seconds. */
  serve: z.coerce.number().optional(),
});
const names = Object.keys(asked.shape).map((name) => [name, { type: 'string' as const }]);
const {
  threads: count,
  processes,
  steps,
  serve,
  ...what
} = asked.parse(parseArgs({ options: Object.fromEntries(names) }).values);

/** Starts the other processes, which take steps until this one ends, and joins them. */
const withTwins = (size: number): Group => {
  const folder = mkdtempSync(join(tmpdir(), 'tailnas-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const place = join(folder, 'meeting');
  for (let rank = 1; rank < size; rank++)
    spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
      env: { ...process.env, [OWN.rank]: `${rank}`, [OWN.size]: `${size}`, [OWN.place]: place },
      stdio: ['ignore', 'ignore', 'inherit'],
    }).unref();
  return joinGroup({ by: 'tailnas', rank: 0, size, place, port: 0, serves: false, attempt: '0' });
};

threads.set(count);
useDevice(what.device);
rng.seed(0);
process.env['TORCH_CPP_LOG_LEVEL'] ??= 'FATAL'; // that the first has ended is how the others learn of the end
const launch = launchOf(process.env);
const group = launch !== undefined ? joinGroup(launch) : processes > 1 ? withTwins(processes) : alone;
const run = prepare(what, group);
const time = (): number => {
  const from = performance.now();
  run();
  return (performance.now() - from) / 1000;
};
/** One step, or as many as it takes to fill `least` seconds. */
const turn = (least: number): number[] => {
  const seconds = [time()];
  for (let sum = seconds[0] ?? 0; sum < least; sum += seconds.at(-1) ?? 0) seconds.push(time());
  return seconds;
};
/** Of the process, or of the tensors of a GPU. */
const peak = (): number =>
  what.device === 'cpu' ? process.resourceUsage().maxRSS * 1024 : memory.stats(what.device).peak;
const answer = (seconds: number[]): void =>
  console.log(JSON.stringify({ ...spread(seconds), peakMemoryBytes: peak() }));

if (group.rank > 0)
  try {
    for (;;) run();
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    process.exit();
  }

turn(serve ?? 0); // warm-up
if (serve === undefined) answer(Array.from({ length: steps }, time));
else for await (const _ of createInterface({ input: process.stdin })) answer(turn(serve));
