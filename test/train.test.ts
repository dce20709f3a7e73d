import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun, readPictures } from '../src/run/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { adoptCheckpoint, editJson } from './support/edit-run.js';
import { writeImages } from './support/images.js';
import { outcomeOf } from './support/outcome.js';

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

const outcome = (run: string) => outcomeOf(path(run));

describe('tailnas train', { timeout: 60_000 }, () => {
  it('trains the cells that a search found, on its data, with the class head’s cell on top', async () => {
    expect(searched.code, searched.stderr).toBe(0);
    const { code, stdout, stderr } = await cli.run(['train', 'hls', ...CELLS, '--out', 'from-search']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^test accuracy +\d/);
    expect(stderr).toMatch(/^train: hls, [\d,]+ weights, 3 steps per epoch, 2 epochs /m);
    expect(stderr).toMatch(/^the cells are those of hls, seed 0$/m);
    expect(stderr).toMatch(/^the data are those of hls$/m);
    const { info, records, readGenotype } = openRun(path('from-search'));
    const found = openRun(path('hls'));
    expect(info.data.fingerprint).toBe(found.info.data.fingerprint);
    expect(info.experiment.network?.genotypes).toEqual(found.readGenotype());
    const { options, name } = found.info.experiment;
    const search = { name, seed: 0, options, fingerprint: found.info.data.fingerprint };
    expect(info.experiment.network).toMatchObject({ name: 'hls', search });
    const { backbone, class: klass } = found.readGenotype() ?? {};
    expect(readGenotype()).toEqual({ backbone, class: klass });
    expect(info.experiment).toMatchObject({ kind: 'train', space: null, phases: [{ name: 'train', epochs: 2 }] });
    expect(records().map(({ kind, knobs }) => [kind, knobs['dropPath']])).toEqual([
      ['train', 0],
      ['train', 0.1],
    ]);
    expect(records()[0]).not.toHaveProperty('alpha');
    // Pictures of what it saw and got wrong, for its report; a search has none.
    const pictures = readPictures(path('from-search'));
    expect(pictures?.seen.length).toBe(24);
    expect(pictures?.mistakes.every(({ shown }) => shown.length > 0)).toBe(true);
    expect(readdirSync(path('from-search', 'pictures'))).toContain('augmented.png');
    expect(readFileSync(path('from-search', 'log.txt'), 'utf8')).not.toContain('pictures are missing');
    expect(readdirSync(path('hls'))).not.toContain('pictures');
    expect(info.size?.weights).toBeGreaterThan(100);
    expect(info.size?.multiplyAdds).toBeGreaterThan(1000);
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
    ['a search space of cells that are known', ['darts-v2', '--space', 'darts'], /--space is for a random cell/],
    ['nodes of a network that has none', ['resnet8', '--nodes', '2'], /--nodes is for a random cell/],
    ['a search space that there is not', ['random', '--space', 'dart'], /did you mean "darts"/],
    ['an option of cells for a ResNet', ['resnet8', '--auxiliary', '0.4'], /Cannot train resnet\(8\) with --auxiliary/],
    [
      'an auxiliary head of two branches',
      ['hls', '--bilateral', '--auxiliary', '0.4'],
      /--auxiliary: a network of two/,
    ],
    [
      'a reduction cell that hands on an input',
      ['inputs.json'],
      /from inputs\.json: backbone, reduction cell: the output of a reduction cell must be made of its nodes/,
    ],
    [
      'a backbone without a reduction cell',
      ['normal.json'],
      /Cannot train normal\.json with --layers 3: its backbone must have a reduction cell, it has none/,
    ],
    ['an option of searches', ['hls', '--order', '2'], /unknown option '--order'/],
  ])('refuses %s, with exit code 2', async (_, words, message) => {
    writeFileSync(
      path('data.json'),
      '{"backbone":{"normal":{"nodes":[[{"op":"sep_conf_3x3","from":0}]],"concat":[2]}}}',
    );
    const cell = { nodes: [[{ op: 'sep_conv_3x3', from: 0 }]], concat: [2] };
    writeFileSync(path('inputs.json'), JSON.stringify({ normal: cell, reduction: { ...cell, concat: [0, 2] } }));
    writeFileSync(path('normal.json'), JSON.stringify({ normal: cell }));
    const sizes = words[0]?.startsWith('resnet') ? SIZES : CELLS;
    const { code, stderr, stdout } = await cli.run(['train', ...words, ...DATA, ...sizes, '--out', 'refused']);
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(readdirSync(cli.folder)).not.toContain('refused');
  });

  it('refuses a cutout that leaves nothing of an image, before anything is written', async () => {
    const args = ['train', 'darts-v2', ...DATA, ...CELLS, '--cutout', '31', '--out', 'refused'];
    const { code, stderr } = await cli.run(args);
    expect(code).toBe(2);
    expect(stderr).toContain('Cannot cut out of images of 16×16: the side must be <= 30, got 31');
    expect(stderr).toContain('half of theirs is usual: --cutout 8');
    expect(readdirSync(cli.folder)).not.toContain('refused');
  });

  it('takes the cells of a finished search whose genotype.json is lost from its records', async () => {
    cpSync(path('hls'), path('lost'), { recursive: true });
    rmSync(path('lost', 'genotype.json'));
    const { code, stdout } = await cli.run(['train', 'lost', ...CELLS, '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).experiment.network.genotypes).toEqual(openRun(path('hls')).readGenotype());
  });

  it('refuses data that are no longer those of the run, or not there, and says whose they are', async () => {
    cpSync(path('hls'), path('moved'), { recursive: true });
    cpSync(path('data'), path('other'), { recursive: true });
    editJson(path('moved', 'run.json'), (text) => text.replaceAll(path('data'), path('other')));
    const train = (...flags: string[]) => cli.run(['train', 'moved', ...CELLS, ...flags, '--out', 'refused']);
    rmSync(path('other', 'train', 'cat', '3.png'));
    for (const split of [[], ['--split', 'all']])
      expect(await train(...split)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/Cannot train moved: its data must not have changed \(.*; restore .* --data\n$/),
      });
    rmSync(path('other'), { recursive: true });
    expect(await train()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Cannot train moved on the data that it began with: .*\/other; .* --data\n$/),
    });
    expect(await cli.run(['evaluate', 'moved'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /Cannot evaluate moved on the data that it began with: there is no file .*, or test on .* --data <folder>\n$/,
      ),
    });
    expect(readdirSync(cli.folder)).not.toContain('refused');
  });

  it('trains again on all images a network that was, unless told otherwise', async () => {
    expect(await cli.run(['train', 'hls', ...CELLS, '--split', 'all', '--out', 'of-all'])).toMatchObject({ code: 0 });
    const again = await cli.run(['train', 'of-all', ...CELLS, '--out', 'again']);
    expect(again.stderr).toMatch(/^the data are those of of-all, all of them to train on and none to validate$/m);
    expect(openRun(path('again')).info.data).toMatchObject({ counts: { valid: [0, 0] }, request: { split: 'all' } });
    const apart = await cli.run(['train', 'of-all', ...CELLS, '--split', 'train', '--dry-run', '--json']);
    expect(JSON.parse(apart.stdout).counts.valid).toEqual([4, 2]);
  });

  it('says that no image chose the mixing where none validates, and takes only one for the test', async () => {
    const args = ['train', 'hls', ...CELLS, '--bilateral', '--split', 'all', '--out', 'both-all'];
    expect((await cli.run(args)).stdout).toMatch(/^ {2}at +mixing 0, not chosen: there are no validation images$/m);
    expect((await cli.run(['evaluate', 'both-all'])).stdout).toMatch(/mixing 0, not chosen: there are no/);
    const one = await cli.run(['evaluate', 'both-all', '--mixing', '0.3']);
    expect(one.stdout).toMatch(/^ {2}at +mixing 0.3, as asked$/m);
    expect(await cli.run(['evaluate', 'both-all', '--mixing', '0:1:0.5'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--mixing must be one ratio for both-all: it has no validation images'),
    });
  });

  it('names the run whose cells, as run.json has them, are damaged, and the checkpoint of another network', async () => {
    cpSync(path('from-search'), path('broken'), { recursive: true });
    const text = readFileSync(path('broken', 'run.json'), 'utf8');
    editJson(path('broken', 'run.json'), () => {
      const info = JSON.parse(text);
      info.experiment.network.genotypes.backbone.normal.nodes = [[{ op: 'mine', from: 0 }]];
      return JSON.stringify(info);
    });
    for (const command of [['train'], ['evaluate']])
      expect(await cli.run([...command, 'broken'])).toMatchObject({
        stderr: expect.stringMatching(
          /genotype from broken\/run\.json: .* unknown primitive "mine".*needs --use <module>/,
        ),
      });
    editJson(path('broken', 'run.json'), () => text.replace('"channels": 2,', '"channels": 3,'));
    adoptCheckpoint(path('broken'));
    expect(await cli.run(['evaluate', 'broken'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /Cannot use checkpoint broken\/checkpoints\/epoch-.*safetensors: .* restore the run/,
      ),
    });
  });

  it('leaves a complete run as it is when it is resumed, and says what to do where its checkpoints are lost', async () => {
    cpSync(path('hls'), path('bare'), { recursive: true });
    for (const name of ['checkpoints', 'cells']) rmSync(path('bare', name), { recursive: true });
    const before = readdirSync(path('bare'));
    expect(await cli.run(['resume', 'bare'])).toMatchObject({
      code: 0,
      stderr: 'bare is complete: nothing to resume\n',
    });
    expect(readdirSync(path('bare'))).toEqual(before);
    expect(await cli.run(['evaluate', 'bare'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot evaluate bare: it is finished, but its checkpoints are not there; copy'),
    });
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
