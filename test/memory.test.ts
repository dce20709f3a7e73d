import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { writeImages } from './support/images.js';

const DATA = '--data data --imbalance natural --image-size 28 --threads 1 --epochs 1'.split(' ');
const TINY = [...DATA, '--channels', '2', '--layers', '3', '--nodes', '1', '--batch-size', '32'];

let cli: Cli;
const path = (name: string): string => join(cli.folder, name);

/** Runs a command that may have so many bytes of memory. */
const within = async (bytes: number, args: readonly string[]): Promise<Exit> => {
  process.env['TAILNAS_MEMORY'] = String(bytes);
  try {
    return await cli.run(args);
  } finally {
    delete process.env['TAILNAS_MEMORY'];
  }
};

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data/train'), { cat: 90, dog: 60 });
  await writeImages(path('data/test'), { cat: 3, dog: 3 });
}, 300_000);
afterAll(() => cli?.dispose());

const needs = z.object({ expectedMemoryBytes: z.number(), freeMemoryBytes: z.number(), largestBatch: z.number() });
const peakOf = (run: string): number =>
  Math.max(
    ...openRun(path(run))
      .records()
      .map((r) => r.peakMemoryBytes),
  );

describe('what is expected is within 15 % of what is then measured', () => {
  it.each([
    ['darts', []],
    ['hls', []],
    ['darts', ['--order', '2']],
  ])('%s %s', { timeout: 240_000 }, async (recipe, flags) => {
    const out = `${recipe}${flags.length}`;
    const args = ['search', recipe, '--scale', 'smoke', ...flags, ...DATA, '--out', out];
    const dry = await cli.run([...args, '--dry-run', '--json']);
    const { expectedMemoryBytes } = needs.parse(JSON.parse(dry.stdout));
    const run = await cli.run(args);
    const said = /^needs about (\d+) MB of memory and \d+:\d\d per epoch; [\d.]+ GB are free$/m.exec(run.stderr);
    for (const expected of [expectedMemoryBytes, Number(said?.[1]) * 1e6])
      expect(Math.abs(expected / peakOf(out) - 1)).toBeLessThan(0.15);
  });
});

describe('a run that cannot fit', () => {
  it('is refused with the largest batch that does, and leaves nothing behind', async () => {
    // So many images that what the process holds besides them, which varies with the machine's load, hardly counts.
    const large = ['search', 'darts', '--scale', 'smoke', ...DATA, '--batch-size', '512'];
    const dry = await cli.run([...large, '--dry-run', '--json']);
    const { expectedMemoryBytes } = needs.parse(JSON.parse(dry.stdout));
    const refused = await within(0.75 * expectedMemoryBytes, [...large, '--out', 'refused']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    const batch = /the largest batch that does is (\d+) \(--batch-size \1\), or start it anyway with --force/;
    expect(Number(batch.exec(refused.stderr)?.[1])).toBeGreaterThan(32);
    expect(Number(batch.exec(refused.stderr)?.[1])).toBeLessThan(512);
    expect(existsSync(path('refused'))).toBe(false);
  }, 120_000);

  it('goes on with --force, and is the same run', async () => {
    expect(await within(1e6, ['search', 'darts', ...TINY, '--out', 'none'])).toMatchObject({ code: 2 });
    const forced = await within(1e6, ['search', 'darts', ...TINY, '--force', '--out', 'forced']);
    expect(forced.code).toBe(0);
    await cli.run(['search', 'darts', ...TINY, '--out', 'free']);
    const bytes = (run: string) => openRun(path(run)).checkpoints.newest()?.bytes;
    expect(bytes('forced')).toEqual(bytes('free'));
    expect(openRun(path('forced')).info.overrides).toEqual(openRun(path('free')).info.overrides);
  }, 180_000);

  it('is refused when it is resumed, too, and can be resumed where it fits', async () => {
    await cli.run(['search', 'darts', ...TINY, '--profile', '1', '--out', 'stopped']);
    const refused = await within(1e6, ['resume', 'stopped']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/Cannot resume: .*; free some, or start it anyway with --force/);
    const { code, stderr } = await cli.run(['resume', 'stopped']);
    expect({ code, said: /^needs about \d+ MB/m.test(stderr) }).toEqual({ code: 0, said: true });
  }, 180_000);
});
