import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Rng } from '../src/data/rng.js';
import { buildCli } from './support/cli.js';
import { killCases, killer } from './support/kills.js';

// `npx tsx test/kills.ts --kills 1000 [--minutes 40] [--seed 1] [--keep folder] [--only 'gdas|enas']` kills runs of every recipe at random,
// resumes them until they end, and compares all their files with those of a run that nobody killed. It prints a line for
// each run and a table at the end, keeps what differs, and ends with 1 if anything does.

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string', default: 'kills' },
    only: { type: 'string', default: '' },
  },
});
const until = performance.now() + Number(values.minutes) * 60_000;
const cli = await buildCli();
const wrong: string[] = [];
const tally = new Map<string, { runs: number; kills: number; withinEpoch: number }>();
const total = (): number => [...tally.values()].reduce((sum, { kills }) => sum + kills, 0);
const enough = (): boolean => total() >= Number(values.kills) || performance.now() > until || wrong.length > 5;
try {
  const { killed } = await killer(cli, new Rng(Number(values.seed), 'kills'));
  while (!enough())
    for (const of of killCases().filter(({ name }) => new RegExp(`^(?:${values.only})`).test(name))) {
      if (enough()) break;
      const own = tally.get(of.name) ?? { runs: 0, kills: 0, withinEpoch: 0 };
      try {
        const { kills, withinEpoch, differing } = await killed(of);
        tally.set(of.name, {
          runs: own.runs + 1,
          kills: own.kills + kills,
          withinEpoch: own.withinEpoch + withinEpoch,
        });
        if (differing.length > 0) throw new Error(`${of.name} differs in ${differing.join(', ')}`);
        process.stdout.write(`${of.name}: ${kills} kills, the same (${total()} in all)\n`);
      } catch (error) {
        wrong.push(error instanceof Error ? error.message : String(error));
        process.stdout.write(`${wrong.at(-1)}\n`);
        cpSync(join(cli.folder, 'killed'), join(values.keep, String(wrong.length)), { recursive: true });
      }
    }
} finally {
  cli.dispose();
}
for (const [name, { runs, kills, withinEpoch }] of tally)
  process.stdout.write(`${name}: ${runs} runs, ${kills} kills, ${withinEpoch} saved within an epoch\n`);
process.stdout.write(`${total()} kills, ${wrong.length} runs that differ\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
