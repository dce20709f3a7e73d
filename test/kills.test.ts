import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../src/data/rng.js';
import { buildCli, type Cli } from './support/cli.js';
import { killCases, killer } from './support/kills.js';

// A few runs of what `npx tsx test/kills.ts` does a thousand times.

let cli: Cli;
beforeAll(async () => {
  cli = await buildCli();
}, 120_000);
afterAll(() => cli?.dispose());

describe.runIf(process.platform === 'linux')('a run of many that is killed at random', () => {
  it('leaves the same files: a training of two stages', async () => {
    const [of] = killCases().filter(({ name }) => name === 'resnet(8), mislas');
    if (of === undefined) throw new Error('there is no such case');
    const { killed } = await killer(cli, new Rng(4, 'kills'));
    const { kills, withinEpoch, differing } = await killed(of);
    expect(differing).toEqual([]);
    expect(kills).toBeGreaterThan(1);
    expect(withinEpoch).toBeGreaterThan(0);
  });

  it('is of every recipe', () => {
    const names = killCases().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['hls-continued-frozen', 'resnet(8), mislas', 'random cells, tau']));
    expect(names.length).toBeGreaterThanOrEqual(20);
  });
});
