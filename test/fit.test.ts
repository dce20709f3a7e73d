import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fitParts, readFitOutcome, readFitPlan, writeFitPlan } from '../src/run/index.js';
import { buildCli, type Cli } from './support/cli.js';
import { writeImages } from './support/images.js';

let cli: Cli;
const path = (...names: string[]): string => join(cli.folder, ...names);
// A fit takes no longer for a budget that it does not use up: networks are small and epochs few at their most.
const FIT = ['fit', '--data', 'birds', '--image-size', '16', '--threads', '1', '--budget', '10m', '--out', 'fit'];

/** The same plan, but for how long it goes on, and perhaps how the search learns. */
const shorten = (fit = 'fit', search: Record<string, number> = {}): void => {
  const plan = readFitPlan(path(fit));
  const short = (name: (typeof fitParts)[number]) => {
    const { values, ...part } = plan.parts[name];
    return { ...part, values: { ...values, epochs: 2, steps: 2, ...(name === 'search' ? search : {}) } };
  };
  const [first, network, random, resnet] = fitParts.map(short);
  if (first === undefined || network === undefined || random === undefined || resnet === undefined)
    throw new Error('a fit has four parts');
  writeFitPlan(path(fit), { ...plan, parts: { search: first, network, random, resnet } });
};

beforeAll(async () => {
  cli = await buildCli();
  // No test part, and names not in the order of their sizes.
  await writeImages(path('birds'), { crow: 6, duck: 24, wren: 12 });
}, 60_000);
afterAll(() => cli?.dispose());

describe('tailnas fit', { timeout: 180_000 }, () => {
  it('says what it takes of the data, and what it would do, without writing', async () => {
    const { code, stdout, stderr } = await cli.run([...FIT, '--dry-run']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^data: birds, 3 classes; \d+ images to train on \(\d+ of the largest class/);
    expect(stdout).toContain('20 % of each class are set aside for the test (--test-share)');
    expect(stdout).toMatch(/^duck +19 +15 +4 +5$/m);
    expect(stdout).toMatch(/^search \(darts-resampling\) +\d+/m);
    expect(stdout).toMatch(/in all, of a budget of 10:00$/m);
    expect(existsSync(path('fit'))).toBe(false);
  });

  it('plans searches whose phases have lengths of their own', async () => {
    const { code, stdout, stderr } = await cli.run([...FIT, '--search', 'p-darts', '--recipe', 'crt', '--dry-run']);
    expect(code, stderr).toBe(0);
    const [, epochs] = /^search \(p-darts\) +(\d+)/m.exec(stdout) ?? [];
    expect(Number(epochs) % 3).toBe(0);
    expect(stdout).toMatch(/in all, of a budget of 10:00$/m);
    // A thousand candidates take longer than this, whatever the epochs before them.
    const short = await cli.run([...FIT.slice(0, -4), '--search', 'random-ws', '--budget', '20s', '--dry-run']);
    expect(short.stderr).toMatch(/Cannot fit: the budget must be about .* or more on this machine/);
    expect(short.code).toBe(2);
  });

  it('stops and saves when told, and ends with a compared network, a class table and what to type next', async () => {
    const running = cli.start(FIT);
    await running.said('search: ');
    running.send('SIGTERM');
    const stopped = await running.exit;
    expect([stopped.code, stopped.signal], stopped.stderr).toEqual([143, null]);
    expect(stopped.stderr).toContain('saved; continue with: tailnas resume fit');
    rmSync(path('fit', 'search'), { recursive: true });
    shorten();

    const { code, stdout, stderr } = await cli.run(['resume', 'fit']);
    expect(code, stderr).toBe(0);
    for (const part of ['1 of 4: search', '2 of 4: the network found', '3 of 4: a random cell', '4 of 4: resnet('])
      expect(stderr).toContain(part);
    expect(stdout).toMatch(/^best network +(the network found|a random cell|a ResNet) \(/);
    expect(stdout).toMatch(/^always “duck” +33\.33 % +33\.33 %/m);
    expect(stdout).toMatch(/Did the search help\?\n {2}(Yes|No|Not measurably),.* 95 % interval /);
    expect(stdout).toMatch(/^duck +15 +\d of 5 +/m);
    expect(stdout).toContain('next  tailnas predict fit <images>');
    expect(readFileSync(path('fit', 'report.html'), 'utf8')).toContain('duck');
    expect(readdirSync(path('fit', 'network', 'cells'))).toContain('backbone-normal.svg');
  });

  it('then stands for its best network, without the data', async () => {
    renameSync(path('birds'), path('elsewhere'));
    const best = readFitOutcome(path('fit'))?.best;
    const predicted = await cli.run(['predict', 'fit', 'elsewhere/duck/0.png', '--json']);
    expect(predicted.code, predicted.stderr).toBe(0);
    const exported = await cli.run(['export', 'fit', '--onnx', 'fit.onnx', '--json']);
    expect(exported.code, exported.stderr).toBe(0);
    const again = await cli.run(['resume', 'fit', '--json']);
    expect(again.stderr).toContain('fit is complete: nothing to resume');
    expect(JSON.parse(again.stdout)).toMatchObject({ fit: 'fit', best, majority: { name: 'duck' } });
    // Nor does it train on other images than its own.
    const train = await cli.run(['train', 'fit', '--image-size', '8', '--dry-run']);
    expect(train).toMatchObject({ code: 2, stdout: '' });
    expect(train.stderr).toContain('--image-size needs --data: without it, the data are those of fit, as it had them');
    const gone = await cli.run(['train', 'fit', '--dry-run']);
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toContain('restore the data, or say where they are with --data');
    renameSync(path('elsewhere'), path('birds'));
  });

  it('says what can be done where a part diverges, in flags that a fit has', async () => {
    const running = cli.start([...FIT.slice(0, -1), 'wild']);
    await running.said('search: ');
    running.send('SIGTERM');
    await running.exit;
    rmSync(path('wild', 'search'), { recursive: true });
    shorten('wild', { weightLr: 1e30, gradClip: 1e30 });
    const { code, stderr } = await cli.run(['resume', 'wild']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /Training diverged: .* Start the fit again in a new folder with another --seed, --recipe or/,
    );
    expect(stderr).not.toMatch(/--weight-lr|resume wild\/search/);
  });

  it('as a task of a sweep, is queued again if it was stopped after something was saved', async () => {
    const words = [...FIT.slice(0, -2), '--seeds', '1..2', '--out', 'fits'];
    expect((await cli.run([...words, '--commands'])).code).toBe(0);
    const running = cli.start([...words, '--task', '0']);
    const begun = path('fits', 'runs', 'fit-seed-1', 'search', 'run.json');
    await vi.waitFor(() => expect(existsSync(begun)).toBe(true), { timeout: 60_000, interval: 100 });
    running.send('SIGTERM');
    expect(await running.exit).toMatchObject({ code: 75 });
  });

  it.each<[string, string[], number, RegExp]>([
    ['no data', ['fit'], 2, /--data must be given: a folder with a folder of images per class/],
    ['a folder that holds a fit', FIT, 1, /fit already holds a fit; continue it with `tailnas resume fit`/],
    ['a budget that is no time', ['fit', '--data', 'birds', '--budget', '30'], 2, /such as 30m, 2h or 90s, got "30"/],
    [
      'a budget in which nothing fits',
      ['fit', '--data', 'birds', '--budget', '1s', '--out', 'tight'],
      2,
      /Cannot fit: the budget must be about .* or more on this machine, .* got 1 s; use --budget 1m/,
    ],
    ['an unknown search', ['fit', '--data', 'birds', '--search', 'dart'], 2, /did you mean "darts"\?/],
    ['several processes', ['resume', 'fit', '--processes', '2'], 2, /--processes is for one run: a fit runs in one/],
    ['both times', ['fit', '--data', 'birds', '--quick', '--budget', '2h'], 2, /cannot be used with option/],
  ])('refuses %s', async (_, words, code, message) => {
    const refused = await cli.run(words);
    expect(refused.stderr).toMatch(message);
    expect(refused.code).toBe(code);
  });
});
