import { tinyPlan, tinyRun } from './tiny.js';

// A program of its own, as TAILNAS_KERNELS is read once a process: searches with a tiny network and prints how that went as one line of JSON.

/** The mean training loss of the epoch so far after each step, and the cells in the end. */
export interface Course {
  readonly losses: readonly number[];
  readonly genotypes: unknown;
}

const losses: number[] = [];
const live = tinyRun(tinyPlan({ layers: 3, order: 2 }).phases, { seed: 5 });
for await (const event of live) if (event.type === 'step') losses.push(event.loss);
console.log(JSON.stringify({ losses, genotypes: live.genotypes() } satisfies Course));
live.dispose();
