import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun } from '../src/run/index.js';
import { open } from '../src/session/index.js';
import { noGrad, scope } from '../src/tensor/index.js';
import { buildCli, type Cli, type Exit } from './support/cli.js';
import { writeImages } from './support/images.js';
import { outcomeOf } from './support/outcome.js';

const DATA = '--data data --imbalance natural --image-size 16'.split(' ');
const SIZES = '--threads 1 --channels 2 --batch-size 8 --epochs 2'.split(' ');
const RESNET = ['train', 'resnet(8)', ...DATA, ...SIZES];

let cli: Cli;
let staged: Exit;
const path = (...names: string[]): string => join(cli.folder, ...names);

beforeAll(async () => {
  cli = await buildCli();
  await writeImages(path('data', 'train'), { cat: 40, dog: 8 });
  await writeImages(path('data', 'test'), { cat: 4, dog: 6 });
  staged = await cli.run([...RESNET, '--classifier-stage', '2', '--out', 'staged']);
}, 300_000);
afterAll(() => cli?.dispose());

const outcome = (run: string) => outcomeOf(path(run));

/** How many images of the test are recognised by the network that `open` makes of a run folder. */
const recognised = (run: string, { known = true } = {}): number => {
  const model = open(path(run));
  const { evaluation } = outcome(run);
  const right = evaluation?.confusion.reduce((sum, row, c) => sum + (row[c] ?? 0), 0) ?? Number.NaN;
  expect(model.at).toEqual(evaluation?.at);
  expect(model.assumes).toEqual(known ? [0.5, 0.5] : undefined);
  scope(() => noGrad(() => expect(model.logits(new Uint8Array(768)).shape).toEqual([1, 2])));
  model.dispose();
  return right;
};

describe('tailnas train --classifier-stage', { timeout: 180_000 }, () => {
  it('trains the classifier alone after the training, tests that, and the folder is enough to use it', async () => {
    expect(staged.code, staged.stderr).toBe(0);
    expect(staged.stderr).toMatch(/^epoch 4\/4 .* classifier$/m);
    const { info, records } = openRun(path('staged'));
    expect(info.experiment.method).toBe(
      'from scratch; then 2 × its classifier alone: crt, class sampling, cross-entropy',
    );
    expect(info.experiment.phases).toMatchObject([
      { name: 'train', frozen: [] },
      { name: 'classifier', epochs: 2, knobs: { weightLr: 'cosine(0.1, 0)' }, frozen: ['backbone'] },
    ]);
    expect(records().map(({ phase, gradNorm }) => [phase, Object.keys(gradNorm['weights'] ?? {})])).toEqual([
      ['train', ['backbone', 'classifier']],
      ['train', ['backbone', 'classifier']],
      ['classifier', ['classifier']],
      ['classifier', ['classifier']],
    ]);
    recognised('staged');
    const { evaluation } = JSON.parse((await cli.run(['evaluate', 'staged', '--json'])).stdout);
    expect(evaluation).toEqual(outcome('staged').evaluation);
  });

  it.each(['crt', 'lws(0.5)'])('is resumed after a kill within the stage to the same end: %s', async (method) => {
    const args = [...RESNET, '--classifier-stage', '4', '--stage', method, '--checkpoint-minutes', '0'];
    const name = method.slice(0, 3);
    expect(await cli.run([...args, '--out', `${name}-whole`])).toMatchObject({ code: 0 });
    const running = cli.start([...args, '--out', `${name}-killed`]);
    await running.said('epoch 4/6');
    running.send('SIGKILL');
    await running.exit;
    const { stderr } = await cli.run(['resume', `${name}-killed`]);
    expect(stderr).toMatch(/resuming at epoch [56], step \d/);
    expect(outcome(`${name}-killed`)).toEqual(outcome(`${name}-whole`));
    recognised(`${name}-killed`);
  });

  it('chooses τ on the validation images, and keeps the network that was tested', async () => {
    const { code, stdout, stderr } = await cli.run([...RESNET, '--stage', 'tau', '--out', 'tau']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ {2}at +tau [\d.]+, best of 21 on the validation images$/m);
    expect(openRun(path('tau')).records()).toHaveLength(2);
    recognised('tau', { known: false });
    const again = JSON.parse((await cli.run(['evaluate', 'tau', '--json'])).stdout);
    expect(again.evaluation).toEqual(outcome('tau').evaluation);
  });

  it('is in the forecast and in --dry-run', async () => {
    const dry = async (...words: string[]) => {
      const { code, stdout, stderr } = await cli.run([...RESNET, ...words, '--dry-run', '--json']);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout);
    };
    const [without, many] = [await dry(), await dry('--classifier-stage', '200')];
    expect(many.expectedSeconds).toBeGreaterThan(5 * without.expectedSeconds);
    expect(many.experiment.phases[1]).toMatchObject({ name: 'classifier', epochs: 200 });
    expect((await dry('--stage', 'tau')).experiment.phases[1]).toMatchObject({ name: 'classifier', epochs: 0 });
  });

  it.each([
    ['τ without validation images', ['--stage', 'tau', '--split', 'all'], /Cannot choose τ: there must be validation/],
    ['τ without them before a dry run', ['--stage', 'tau', '--split', 'all', '--dry-run'], /Cannot choose τ/],
    ['a method without epochs', ['--stage', 'lws'], /--stage: lws needs epochs, --classifier-stage has none/],
    ['epochs for τ', ['--stage', 'tau', '--classifier-stage', '2'], /tau trains nothing and takes no epochs/],
    ['an unknown method', ['--stage', 'crp'], /unknown classifier method "crp": did you mean "crt"\?/],
    ['a negative radius', ['--sam', '-1'], /It must be a number >= 0 and <= 1e\+38, got -1/],
  ])('refuses %s, with exit code 2', async (_, words, message) => {
    const { code, stderr, stdout } = await cli.run([...RESNET, ...words, '--out', 'refused']);
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(readdirSync(cli.folder)).not.toContain('refused');
  });
});

describe('tailnas evaluate --prior', { timeout: 180_000 }, () => {
  it('shows what is to be expected under both priors, and what the logits assume', async () => {
    const { stdout } = await cli.run(['evaluate', 'staged']);
    expect(stdout).toMatch(/^equally frequent classes +[\d.]+ % +[\d.]+ %$/m);
    expect(stdout).toMatch(/^classes as frequent as in training +[\d.]+ % +[\d.]+ %$/m);
    expect(stdout).toMatch(/^The logits assume equally frequent classes: /m);
    expect(staged.stdout).toMatch(/^The logits assume equally frequent classes: /m);
  });

  it('adjusts all that is reported to a file of counts', async () => {
    writeFileSync(path('prior.json'), '{ "dog": 1, "cat": 999999 }');
    const { code, stdout, stderr } = await cli.run(['evaluate', 'staged', '--prior', 'prior.json', '--json']);
    expect(code, stderr).toBe(0);
    const { evaluation, prior } = JSON.parse(stdout);
    expect(prior).toEqual({ name: 'prior.json', prior: [0.999999, 1e-6] });
    expect(evaluation.confusion.map((row: number[]) => row[1])).toEqual([0, 0]); // nothing is a dog
    expect(evaluation.priors.tests[2]).toMatchObject({ name: 'prior.json', adjusted: expect.closeTo(1, 5) });
    const { stdout: shown } = await cli.run(['evaluate', 'staged', '--prior', 'prior.json']);
    expect(shown).toMatch(/^ {2}logits adjusted to +classes as frequent as in prior\.json$/m);
  });

  it.each([
    ['that is not there', undefined, /Cannot read prior bad.json: there is no such file; give training, uniform or/],
    ['that is no JSON', 'cat: 1', /it must be JSON, such as/],
    ['of a list', '[0.5, 0.5]', /it must be an object with a number per class/],
    ['with a class that the run has not', '{"cat": 1, "dogs": 1}', /"dogs" is none; did you mean "dog"\?/],
    ['without a class', '{"cat": 1}', /it must have every class of the run, "dog" is missing/],
    ['with a negative share', '{"cat": 1, "dog": -0.5}', /each share must be a number > 0, that of "dog" is -0.5/],
    ['with a share of 0', '{"cat": 1, "dog": 0}', /each share must be a number > 0, that of "dog" is 0/],
    ['with a word', '{"cat": "many", "dog": 1}', /each share must be a number > 0, that of "cat" is "many"/],
  ])('refuses a file %s, with exit code 2', async (_, text, message) => {
    if (text !== undefined) writeFileSync(path('bad.json'), text);
    const { code, stdout, stderr } = await cli.run(['evaluate', 'staged', '--prior', 'bad.json']);
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });
});

describe('a run that diverges', { timeout: 180_000 }, () => {
  const text = (run: string): string => readFileSync(path(run, 'log.txt'), 'utf8');

  it('says the step, the loss, that there is no checkpoint yet, and what of train to lower', async () => {
    const { code, stderr } = await cli.run([...RESNET, '--lr', '1e30', '--out', 'nan']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\nerror: Training diverged: the .+ is not finite at epoch 0, step \d+( \(the loss is .+\))?\. Start again with --lr 0\.1 \(it was 1e\+30\) or --grad-clip 0\.5 \(it was 5\)\. There is no checkpoint yet\.\n$/,
    );
    expect(text('nan')).toMatch(/failed: Training diverged: .* --lr 0\.1/);
  });

  it('names the options of a search as that spells them', async () => {
    const args = ['search', 'darts', ...DATA, ...SIZES, '--layers', '3', '--nodes', '1', '--weight-lr', '1e30'];
    const { code, stderr } = await cli.run([...args, '--out', 'nan-search']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /is not finite at epoch 0, step \d+.*\. Start again with --weight-lr 0\.02 \(it was 1e\+30\) or /,
    );
    expect(stderr).toMatch(/ or --arch-lr 0\.002 \(it was 0\.02\) or --grad-clip 0\.5 \(it was 5\)\. There is no/);
  });

  it('names the last good checkpoint, which can be tested', async () => {
    const args = [...RESNET, '--classifier-stage', '2', '--stage-lr', '1e38', '--grad-clip', '1e30'];
    const { code, stderr } = await cli.run([...args, '--out', 'nan-stage']);
    expect(code).toBe(1);
    const [file] = readdirSync(path('nan-stage', 'checkpoints')).sort().reverse();
    expect(stderr).toMatch(
      /or --stage-lr 0\.1 \(it was 1e\+38\) or --grad-clip 5 \(it was 1e\+30\)\. Last good checkpoint: /,
    );
    expect(stderr).toContain(`${join('nan-stage', 'checkpoints', file ?? '?')}, after epoch 2, step 0 (training loss `);
    expect(stderr).toContain('; resuming it would diverge again.\n');
    expect(await cli.run(['evaluate', 'nan-stage'])).toMatchObject({ code: 0 });
  });
});
