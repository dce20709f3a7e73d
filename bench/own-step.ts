// Times one piece of work (a search step, unless --task says another) on random images, as bench/pytorch/step_time.py does for PyTorch.
// node --import tsx bench/own-step.ts --batch 64 --steps 3
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { memory, rng, threads, useDevice } from '../src/tensor/index.js';
import { spread } from './statistics.js';
import { prepare, work } from './work.js';

const asked = work.extend({
  threads: z.coerce.number().default(2),
  /** Prints the times of this many steps, as JSON. */
  steps: z.coerce.number().default(3),
  /** Instead: answers every line of stdin with one turn of at least so many seconds. */
  serve: z.coerce.number().optional(),
});
const names = Object.keys(asked.shape).map((name) => [name, { type: 'string' as const }]);
const { threads: count, steps, serve, ...what } = asked.parse(parseArgs({ options: Object.fromEntries(names) }).values);

threads.set(count);
useDevice(what.device);
rng.seed(0);
const run = prepare(what);
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

turn(serve ?? 0); // warm-up
if (serve === undefined) answer(Array.from({ length: steps }, time));
else for await (const _ of createInterface({ input: process.stdin })) answer(turn(serve));
