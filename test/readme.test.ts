import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitParts, readFitPlan, writeFitPlan } from '../src/run/index.js';
import { buildCli, type Cli } from './support/cli.js';
import { writeImages } from './support/images.js';

const page = readFileSync(join(resolve(import.meta.dirname, '..'), 'README.md'), 'utf8');
const LINE = /^npx tailnas (.+?)(?:\s+#.*)?$/gm;
const commands = [...page.matchAll(LINE)].map((m) => (m[1] ?? '').trim().split(/\s+/));
const named = (name: string): string[] => commands.find(([first]) => first === name) ?? [];

/** A plan of as many parts, each of two epochs of two steps. */
const shorten = (fit: string): void => {
  const plan = readFitPlan(fit);
  const parts = fitParts.map((name) => {
    const { values, ...part } = plan.parts[name];
    return { ...part, values: { ...values, epochs: 2, steps: 2 } };
  });
  const [search, network, random, resnet] = parts;
  if (search === undefined || network === undefined || random === undefined || resnet === undefined)
    throw new Error('a fit has four parts');
  writeFitPlan(fit, { ...plan, parts: { search, network, random, resnet } });
};

describe('README.md', { timeout: 300_000 }, () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await buildCli();
    await writeImages(join(cli.folder, 'photos'), { crow: 10, duck: 40, wren: 20 });
    cpSync(join(cli.folder, 'photos', 'crow', '0.png'), join(cli.folder, 'photo.jpg'));
  }, 300_000);
  afterAll(() => cli?.dispose());

  it('has at most 900 words', () => {
    expect(page.split(/\s+/).filter((word) => /\w/.test(word)).length).toBeLessThanOrEqual(900);
  });

  it('has these commands, in this order', () => {
    expect(commands.map(([name]) => name)).toEqual(['fit', 'watch', 'report', 'predict', 'evaluate', 'export']);
  });

  it('has a fit that starts as written, and is resumed to its end', async () => {
    const fit = cli.start([...named('fit'), '--image-size', '16', '--threads', '1']);
    await fit.said('search: ');
    fit.send('SIGINT');
    const { code } = await fit.exit;
    expect(code).toBe(130);
    rmSync(join(cli.folder, 'birds', 'search'), { recursive: true });
    shorten(join(cli.folder, 'birds'));
    expect(page).toContain('`npx tailnas resume birds`');
    const resumed = await cli.run(['resume', 'birds']);
    expect(resumed.code, resumed.stderr).toBe(0);
  });

  it('has a page that answers while it is watched', async () => {
    const watch = cli.start([...named('watch'), '--port', '0']);
    await Promise.race([watch.said('http://'), setTimeout(20_000)]);
    watch.send('SIGINT');
    const { stdout, stderr } = await watch.exit;
    expect(`${stdout}${stderr}`).toMatch(/http:\/\/(?:localhost|127\.0\.0\.1):\d+/);
  });

  it.each(['report', 'predict', 'evaluate', 'export'])('has a %s that ends well', async (name) => {
    const { code, stdout, stderr } = await cli.run(named(name).map((word) => word.replaceAll("'", '')));
    expect(code, stderr).toBe(0);
    expect(`${stdout}${stderr}`.trim()).not.toBe('');
  });
});
