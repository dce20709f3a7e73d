import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun } from '../src/run/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { writeImages } from './support/images.js';

const DATA = '--data data --imbalance natural --image-size 16'.split(' ');
const SIZES = '--threads 1 --channels 2 --batch-size 8 --epochs 2'.split(' ');
const CELLS = [...SIZES, '--layers', '3'];

let cli: Cli;
let searched: Exit;
const path = (...names: string[]): string => join(cli.folder, ...names);

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 20, dog: 8 });
  await writeImages(path('data', 'test'), { cat: 4, dog: 4 });
  searched = await cli.run(['search', 'hls', ...DATA, ...CELLS, '--nodes', '1', '--out', 'hls']);
}, 60_000);
afterAll(() => cli?.dispose());

/** What a run came to, without what the clock and the machine say. */
const outcome = (run: string) => {
  const folder = openRun(path(run));
  return {
    records: folder.records().map((record) => ({ ...record, seconds: 0, imagesPerSecond: 0, peakMemoryBytes: 0 })),
    evaluation: folder.readEvaluation(),
    checkpoint: readdirSync(path(run, 'checkpoints')).sort().at(-1),
  };
};

describe('tailnas train', { timeout: 60_000 }, () => {
  it('trains the cells that a search found, on its data, with the class head’s cell on top', async () => {
    expect(searched.code, searched.stderr).toBe(0);
    const { code, stdout, stderr } = await cli.run(['train', 'hls', ...CELLS, '--out', 'from-search']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^test accuracy +\d/);
    expect(stderr).toMatch(/^train: hls, seed 0, [\d,]+ weights, 3 steps per epoch, 2 epochs /m);
    const { info, records, readGenotype } = openRun(path('from-search'));
    const found = openRun(path('hls'));
    expect(info.data.fingerprint).toBe(found.info.data.fingerprint);
    expect(info.experiment.network?.genotypes).toEqual(found.readGenotype());
    const { backbone, class: klass } = found.readGenotype() ?? {};
    expect(readGenotype()).toEqual({ backbone, class: klass });
    expect(info.experiment).toMatchObject({ kind: 'train', space: null, phases: [{ name: 'train', epochs: 2 }] });
    expect(records().map(({ kind, knobs }) => [kind, knobs['dropPath']])).toEqual([
      ['train', 0],
      ['train', 0.1],
    ]);
    expect(records()[0]).not.toHaveProperty('alpha');
  });

  it('is resumed after a kill to the same end', async () => {
    const args = ['train', 'hls', ...CELLS, '--epochs', '4', '--checkpoint-minutes', '0'];
    expect(await cli.run([...args, '--out', 'whole'])).toMatchObject({ code: 0 });
    const running = cli.start([...args, '--out', 'killed']);
    await running.said('epoch 2/4');
    running.send('SIGKILL');
    await running.exit;
    expect(await cli.run(['resume', 'killed'])).toMatchObject({ code: 0 });
    expect(outcome('killed')).toEqual(outcome('whole'));
  });

  it('trains both heads by cumulative learning, and chooses their mixing on validation images', async () => {
    const args = ['train', 'hls', ...CELLS, '--bilateral', '--mixing', 'linear(1, 0)', '--out', 'both'];
    expect(await cli.run(args)).toMatchObject({ code: 0 });
    const { records, readEvaluation, info } = openRun(path('both'));
    expect(records().map(({ knobs }) => knobs['mixing'])).toEqual([1, 0.5]);
    expect(readEvaluation()?.answers?.test).toHaveLength(11);
    expect(info.changes).toEqual({ bilateral: true, mixing: 'linear(1, 0)' });
  });

  it('trains on the validation images too where it is told to, and then validates nothing', async () => {
    const args = ['train', 'random', ...DATA, ...CELLS, '--split', 'all', '--loss', 'balanced-softmax'];
    expect(await cli.run([...args, '--out', 'all'])).toMatchObject({ code: 0 });
    const { info, records, readEvaluation } = openRun(path('all'));
    expect(info.data.counts).toEqual({ train: [20, 8], valid: [0, 0], test: [4, 4] });
    expect(records()[1]).toMatchObject({ validLoss: null, validAccuracy: null, perClassAccuracy: null, answers: null });
    expect(
      readEvaluation()
        ?.confusion.flat()
        .reduce((a, b) => a + b),
    ).toBe(8);
  });

  it.each([
    ['a published cell', 'darts-v2', CELLS],
    ['a file of genotypes', 'cells.json', CELLS],
    ['a ResNet', 'resnet(8)', SIZES],
  ])('trains %s', async (_, what, sizes) => {
    writeFileSync(path('cells.json'), readFileSync(path('hls', 'genotype.json')));
    const out = `of-${what.replace(/\W+/g, '-')}`;
    const { code, stderr } = await cli.run(['train', what, ...DATA, ...sizes, '--out', out]);
    expect(code, stderr).toBe(0);
    expect(outcome(out).records).toHaveLength(2);
    expect(openRun(path(out)).info.experiment.network?.name).toBe(what);
  });

  it('draws a random cell by the seed', async () => {
    const cells = async (seed: string) => {
      const { code, stdout } = await cli.run([
        'train',
        'random',
        ...DATA,
        ...CELLS,
        '--seed',
        seed,
        '--dry-run',
        '--json',
      ]);
      expect(code).toBe(0);
      return JSON.parse(stdout).experiment.network.genotypes;
    };
    expect(await cells('1')).toEqual(await cells('1'));
    expect(await cells('1')).not.toEqual(await cells('2'));
  });

  it.each([
    ['what there is not', ['reznet'], /Cannot train "reznet": .* did you mean "resnet32"\?/],
    ['a file that there is not', ['cells/none.json'], /Cannot train cells\/none.json: there is no such file or folder/],
    ['a file that is no genotype', ['data.json'], /data\.json/],
    ['two heads of a cell that has none', ['darts-v2', '--bilateral'], /--bilateral: it must have the heads/],
    ['a mixing beyond 1', ['hls', '--bilateral', '--mixing', 'constant(2)'], /must be in \[0, 1\], got 2/],
    ['an option of searches', ['hls', '--order', '2'], /unknown option '--order'/],
  ])('refuses %s, with exit code 2', async (_, words, message) => {
    writeFileSync(
      path('data.json'),
      '{"backbone":{"normal":{"nodes":[[{"op":"sep_conf_3x3","from":0}]],"concat":[2]}}}',
    );
    const { code, stderr, stdout } = await cli.run(['train', ...words, ...DATA, ...CELLS, '--out', 'refused']);
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(readdirSync(cli.folder)).not.toContain('refused');
  });

  it('refuses a search that is not finished, and says how far it is', async () => {
    cpSync(path('hls'), path('half'), { recursive: true });
    rmSync(path('half', 'evaluation.json'));
    const { code, stderr } = await cli.run(['train', 'half', ...CELLS, '--out', 'refused']);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'Cannot train half: its search must be finished, it is at epoch 2 of 2; continue it with `tailnas resume half`',
    );
  });
});
