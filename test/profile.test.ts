import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { writeImages } from './support/images.js';

const SIZES =
  '--imbalance natural --image-size 16 --threads 1 --channels 2 --layers 3 --nodes 1 --batch-size 4 --epochs 2';

let cli: Cli;
let search: readonly string[];
let finished: Exit;

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(join(cli.folder, 'data', 'train'), { cat: 20, dog: 12 });
  await writeImages(join(cli.folder, 'data', 'test'), { cat: 3, dog: 3 });
  search = ['search', 'darts', '--data', 'data', ...SIZES.split(' ')];
  finished = await cli.run([...search, '--profile', '--out', 'finished']);
}, 300_000);
afterAll(() => cli?.dispose());

/** The rows of the table that begins with `heading`, down to the line of the whole step. */
const rowsOf = (stdout: string, heading: string): string[] => {
  const lines = stdout.split('\n');
  const first = lines.findIndex((line) => line.startsWith(heading));
  const last = lines.findIndex((line, i) => i > first && line.startsWith('step, mean of '));
  if (first < 0 || last < 0) throw new Error(`there is no table "${heading}" in:\n${stdout}`);
  return lines.slice(first, last + 1);
};
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
/** The figure below a heading, in a column that is aligned to the right; NaN where there is none. */
const figure = (row: string, heading: string, column: string): number => {
  const end = heading.indexOf(column) + column.length;
  return Number.parseFloat(/[\d.,]*$/.exec(row.slice(0, end))?.[0].replaceAll(',', '') ?? '');
};

describe('search --profile', () => {
  it.each([
    ['phase of a step', 8, /^(?!step)/],
    ['work of a step', 4, /^(?!step)\S/], // kinds; what they consist of is indented
  ])('prints after the summary a table that lines up and adds up to 100 %%: %s', (title, count, isPart) => {
    expect(finished.code).toBe(0);
    expect(finished.stdout).toMatch(/^test accuracy /);
    const [heading = '', ...rows] = rowsOf(finished.stdout, title);
    const parts = rows.filter((row) => isPart.test(row));
    expect(parts).toHaveLength(count);
    const tolerance = 0.005 * count + 1e-9; // each is rounded
    const percents = parts.map((row) => figure(row, heading, ' %'));
    expect(Math.abs(sum(percents) - 100)).toBeLessThanOrEqual(tolerance);
    const milliseconds = parts.map((row) => figure(row, heading, ' ms'));
    const whole = figure(rows.at(-1) ?? '', heading, ' ms');
    expect(Math.abs(sum(milliseconds) - whole)).toBeLessThanOrEqual(tolerance + 0.005);
  });

  it('lists what a kind of work consists of', () => {
    const [heading = '', ...rows] = rowsOf(finished.stdout, 'work of a step');
    const from = rows.findIndex((row) => row.startsWith('libtorch operators'));
    const to = rows.findIndex((row) => row.startsWith('engine, besides operators'));
    const own = rows.slice(from + 1, to);
    expect(own.length).toBeGreaterThan(5);
    for (const row of own) expect(row).toMatch(/^ {2}(aten::\w+|\d+ others?) /);
    const whole = figure(rows[from] ?? '', heading, ' %');
    expect(Math.abs(sum(own.map((row) => figure(row, heading, ' %'))) - whole)).toBeLessThan(0.005 * (own.length + 1));
  });

  it('is part of the JSON result, and shares add up to 1', async () => {
    const { code, stdout } = await cli.run([...search, '--profile', '--json', '--quiet', '--out', 'as-json']);
    expect(code).toBe(0);
    const { profile, evaluation } = JSON.parse(stdout);
    expect(evaluation).toBeDefined();
    expect(profile.steps).toBe(2 * 7 - 1); // ceil(26 / 4) steps an epoch, without the first
    for (const parts of [profile.phases, profile.work])
      expect(sum(parts.map((p: { share: number }) => p.share))).toBeCloseTo(1, 9);
  });

  it('with a number stops after so many steps, saved and without an error', async () => {
    const { code, stdout, stderr } = await cli.run([...search, '--profile', '3', '--json', '--out', 'few']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ run: 'few', interrupted: true, profile: { steps: 3 } });
    expect(stderr).toContain('saved; continue with: tailnas resume few');
    expect(await cli.run(['resume', 'few', '--quiet'])).toMatchObject({ code: 0 });
  });

  it('prints also when it is interrupted', async () => {
    const running = cli.start([...search, '--epochs', '200', '--profile', '--out', 'stopped']);
    await running.said('epoch   1/200');
    running.send('SIGINT');
    const { code, stdout } = await running.exit;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^phase of a step /);
    expect(rowsOf(stdout, 'work of a step').length).toBeGreaterThan(10);
  });

  it('is not asked for together with --dry-run', async () => {
    const exit = await cli.run([...search, '--profile', '--dry-run', '--out', 'dry']);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toContain("option '--profile [steps]' cannot be used with option '--dry-run'");
    expect(existsSync(join(cli.folder, 'dry'))).toBe(false);
  });
});

describe('search without --profile', () => {
  it('says nothing of it', async () => {
    const table = await cli.run([...search, '--epochs', '1', '--out', 'plain']);
    expect(table.stdout).not.toMatch(/of a step/);
    const json = await cli.run([...search, '--epochs', '1', '--json', '--out', 'plain-json']);
    expect(JSON.parse(json.stdout)).not.toHaveProperty('profile');
  });
});
