import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { writeImages } from './support/images.js';

const DATA = ['--data', 'data', '--imbalance', 'natural'];
const TINY =
  '--image-size 16 --threads 1 --scale smoke --channels 2 --layers 3 --nodes 1 --batch-size 8 --epochs 2'.split(' ');
const FIGURE6 = ['reproduce', 'figure6', ...DATA, ...TINY, '--seeds', '1..2', '--jobs', '2', '--out', 'made'];

const rows = z.array(
  z.object({
    name: z.string(),
    label: z.string(),
    paper: z.null(), // these are not the paper's data
    mean: z.number(),
    sd: z.number().nullable(),
    difference: z.null(),
    optimistic: z.object({ mean: z.number(), sd: z.number().nullable() }).nullable(),
    seconds: z.number().positive(),
    peakMemoryBytes: z.number().positive(),
    runs: z.array(z.string()),
    seeds: z.array(z.number()),
  }),
);
const result = z.object({
  rows,
  figures: z.array(z.string()),
  report: z.string().nullable(),
  failed: z.array(z.object({ name: z.string(), error: z.string() })),
});
const plan = z.object({
  runs: z.array(
    z.object({
      ...{ name: z.string(), state: z.string(), path: z.string(), expectedSeconds: z.number() },
      epochs: z.object({ from: z.number(), to: z.number() }),
    }),
  ),
  expectedSeconds: z.number(),
});

let cli: Cli;
let planned: z.infer<typeof plan>;
let killed: Exit;
let halfway: { begun: number; finished: number };
let made: Exit;

const path = (...names: string[]): string => join(cli.folder, ...names);
const evaluated = (run: string): boolean => existsSync(path(run, 'evaluation.json'));

/** Every file below a folder with the time at which it was last written. */
const written = (folder: string): Record<string, number> =>
  Object.fromEntries(
    readdirSync(path(folder), { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => [name, statSync(path(folder, name)).mtimeMs]),
  );

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 130, dog: 12 });
  await writeImages(path('data', 'test'), { cat: 3, dog: 3 });
  const { stdout } = await cli.run([...FIGURE6, '--plan', '--json', '--quiet']);
  planned = plan.parse(JSON.parse(stdout));

  const first = cli.start(FIGURE6);
  const records = (run: string): boolean => {
    const file = path(run, 'metrics.jsonl');
    return existsSync(file) && statSync(file).size > 0;
  };
  while (!planned.runs.some((run) => records(run.path))) await setTimeout(5);
  first.send('SIGKILL');
  killed = await first.exit;
  halfway = {
    begun: planned.runs.filter((run) => existsSync(path(run.path))).length,
    finished: planned.runs.filter((run) => evaluated(run.path)).length,
  };
  made = await cli.run([...FIGURE6, '--json']);
}, 300_000);
afterAll(() => cli?.dispose());

describe('reproduce --plan', () => {
  it('says what is to be done and for how long, and writes nothing', async () => {
    expect(planned.runs.length).toBeGreaterThanOrEqual(2);
    expect(planned.runs.every((run) => run.state === 'start' && run.expectedSeconds > 0)).toBe(true);
    const all = planned.runs.reduce((sum, run) => sum + run.expectedSeconds, 0);
    expect(planned.expectedSeconds).toBeCloseTo(all / 2);
    const { code, stdout } = await cli.run([...FIGURE6, '--plan', '--out', 'elsewhere']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run +state +epochs +expected time\n\S+-seed-1 +start +0\/2 +\d+:\d\d\n/);
    expect(existsSync(path('elsewhere'))).toBe(false);
  });

  it('lets continued runs follow the search that they share', async () => {
    const args = ['reproduce', 'table2', ...DATA, ...TINY, '--seeds', '4', '--plan', '--json', '--out', 'elsewhere'];
    const { runs } = plan.parse(JSON.parse((await cli.run(args)).stdout));
    expect(runs.map((run) => `${run.name} ${run.state}`)).toEqual([
      'darts-seed-4 start',
      'darts-resampling-seed-4 start',
      'darts-bbn-seed-4 start',
      'hls-seed-4 start',
      'hls-reverse-sigmoid-seed-4 start',
      'hls-continued-half-seed-4 after hls-seed-4',
    ]);
    const [search, continued] = ['hls-seed-4', 'hls-continued-half-seed-4'].map((name) =>
      runs.find((run) => run.name === name),
    );
    // Times are measured, and vary; the epochs that they are of do not.
    expect(continued?.epochs).toEqual({ from: search?.epochs.to, to: 1.5 * (search?.epochs.to ?? 0) });
  });
});

describe('a reproduction that was killed', () => {
  it('was killed on the way', () => {
    expect(killed.signal).toBe('SIGKILL');
    expect(halfway.begun).toBeGreaterThan(0);
    expect(halfway.finished).toBeLessThan(planned.runs.length);
  });

  it('goes on where it was, to the end', () => {
    expect(made.code, made.stderr).toBe(0);
    for (const { path: run } of planned.runs) {
      expect(evaluated(run), run).toBe(true);
      expect(
        openRun(path(run))
          .records()
          .map((r) => r.epoch),
        run,
      ).toEqual([0, 1]);
    }
    const total = planned.runs.length;
    expect(made.stderr).toMatch(
      new RegExp(`^\\[${total}/${total}\\] \\S+ seed \\d done in \\d+:\\d\\d, test accuracy `, 'm'),
    );
  });

  it('has the figures of runs that nothing stopped', async () => {
    const run = planned.runs[0];
    const name = run?.name.replace('-seed-1', '') ?? '';
    const { code } = await cli.run(['search', name, ...DATA, ...TINY, '--seed', '1', '--out', 'alone', '--quiet']);
    expect(code).toBe(0);
    for (const file of ['evaluation.json', 'genotype.json'])
      expect(readFileSync(path(run?.path ?? '', file), 'utf8')).toBe(readFileSync(path('alone', file), 'utf8'));
  });

  it('prints one JSON document: rows, figures, report', () => {
    const { rows: lines, figures, report, failed } = result.parse(JSON.parse(made.stdout));
    expect(failed).toEqual([]);
    expect(lines.flatMap((row) => row.runs).sort()).toEqual(planned.runs.map((run) => run.path).sort());
    for (const row of lines) expect(row.seeds).toEqual([1, 2]);
    expect(figures).toEqual(['svg', 'png'].map((ending) => join('made', 'figures', `figure6.${ending}`)));
    expect(readFileSync(path(figures[0] ?? ''), 'utf8')).toMatch(/^<svg /);
    expect(readFileSync(path(report ?? ''), 'utf8')).toMatch(/^<!doctype html>/i);
  });

  it('trains nothing when it is asked for again', async () => {
    const before = written(join('made', 'runs'));
    const { code, stdout, stderr } = await cli.run([...FIGURE6, '--json']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `${planned.runs.length} of ${planned.runs.length} runs are done already\n`,
    });
    expect(result.parse(JSON.parse(stdout))).toEqual(result.parse(JSON.parse(made.stdout)));
    expect(written(join('made', 'runs'))).toEqual(before);
  });

  it('refuses other settings beside it, before anything runs', async () => {
    const before = written('made');
    const exit = await cli.run([...FIGURE6, '--epochs', '3']);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(
      /^error: Cannot use made\S+-seed-1: .*now \(--epochs 3\).*otherwise \(--epochs 2\); give another --out, or the flags that it was made with\n$/,
    );
    expect(written('made')).toEqual(before);
  });
});

describe('reproduce', () => {
  const TABLE1 = ['reproduce', 'table1', ...DATA, ...TINY, '--seeds', '1'];

  it('stops with 130 on Ctrl-C, saved, and says how to go on', async () => {
    const running = cli.start([...TABLE1, '--epochs', '50', '--out', 'stopped', '--quiet']);
    while (!existsSync(path('stopped', 'runs', 'darts-seed-1', 'log.txt'))) await setTimeout(5);
    running.send('SIGINT');
    const { code, stderr } = await running.exit;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^stopped; continue with: tailnas reproduce table1 --data data /m);
    expect(openRun(path('stopped', 'runs', 'darts-seed-1')).checkpoints.list().length).toBeGreaterThan(0);
    expect(readdirSync(path('stopped', 'runs'))).toEqual(['darts-seed-1']);
  });

  it('goes on when a run fails, shows the others in a table that lines up, and ends with 1', async () => {
    mkdirSync(path('partly', 'runs', 'darts-seed-1'), { recursive: true });
    writeFileSync(path('partly', 'runs', 'darts-seed-1', 'notes.txt'), 'mine');
    const { code, stdout, stderr } = await cli.run([...TABLE1, '--out', 'partly']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\[1\/3\] darts seed 1 failed:\n {2}error: Cannot create run .*it holds "notes.txt"/m);
    const [head = '', darts = '', resampling = '', bbn = ''] = stdout.split('\n');
    expect(head).toMatch(/^Recipe +Paper +Ours +Difference +Chosen on test +Time +Memory +Seeds$/);
    expect(darts).toMatch(/^darts +– .* 0 of 1$/);
    expect(resampling).toMatch(/^darts-resampling +– +\d+\.\d\d +– +– +\d+ s +\d+ MB +1 of 1$/);
    expect(bbn).toMatch(/^darts-bbn +– +\d+\.\d\d +– +\d+\.\d\d +\d+ s +\d+ MB +1 of 1$/);
    expect(new Set([head, darts, resampling, bbn].map((line) => line.length)).size).toBe(1);
    expect(stdout).toContain(join('partly', 'report.html'));
  });

  it('draws figure 5 without a run', async () => {
    const { code, stdout } = await cli.run(['reproduce', 'figure5', '--out', 'drawn', '--json']);
    expect(code).toBe(0);
    const files = ['svg', 'png'].map((ending) => join('drawn', 'figures', `figure5.${ending}`));
    expect(JSON.parse(stdout)).toEqual({
      rows: [],
      claims: [],
      sensitivity: [],
      figures: files,
      report: null,
      failed: [],
    });
  });

  it('names data that are not there once, and writes nothing', async () => {
    const exit = await cli.run(['reproduce', 'table1', '--data', './none', '--out', 'nowhere']);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^error: Cannot open data: [^\n]+\n$/);
    expect(existsSync(path('nowhere'))).toBe(false);
  });

  it.each([
    ['table', ['tabel2'], /did you mean "table2"\?/],
    ['seeds', ['table1', '--seeds', '3..1'], /It must be seeds such as 1\.\.3 or 1,2,5 .*got "3\.\.1"/],
    ['seed', ['table1', '--seeds', '1,x'], /It must be seeds such as 1\.\.3 or 1,2,5 .*got "x"/],
  ])('tells wrong words, and ends with 2: %s', async (_, args, message) => {
    const exit = await cli.run(['reproduce', ...args]);
    expect(exit).toMatchObject({ code: 2, stdout: '' });
    expect(exit.stderr).toMatch(message);
  });
});
