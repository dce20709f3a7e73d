import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { command as reportCommand } from '../src/cli/report.js';
import type { LoadedRun } from '../src/measure/index.js';
import { fitPage, reportPage } from '../src/page/index.js';
import { createRun, type FitPart, fitPartDir, writeFitPlan } from '../src/run/index.js';
import { launch, seriousFaults } from './support/browser.js';
import { fakeRun } from './support/fake-runs.js';
import { fakeFit, onOwnData } from './support/own-data.js';

const folder = mkdtempSync(join(tmpdir(), 'tailnas-report-'));
const command = ['tailnas', 'report'];
const EPOCHS = 5;

/** A run whose backbone cell is another in its first epoch, so that the slider has something to show. */
const changing = (run: LoadedRun): LoadedRun => ({
  ...run,
  records: run.records.map((record) => {
    const early = { nodes: [[{ op: 'max_pool_3x3', from: 0 }]], concat: [2] };
    const backbone = record.genotype?.['backbone'];
    const first = { ...backbone, normal: early };
    return record.epoch === 0 ? { ...record, genotype: { ...record.genotype, backbone: first } } : record;
  }),
});

const runs = [
  fakeRun({ name: 'darts', label: 'DARTS', seed: 0, epochs: EPOCHS, bilateral: false, paper: 64.56 }),
  ...[0, 1].map((seed) => fakeRun({ name: 'hls', label: 'HLS', seed, epochs: EPOCHS, bilateral: true, paper: 65.12 })),
].map(changing);

/** The pages, and how many tables and figures each has at least. */
const pages = {
  'the paper’s': { file: join(folder, 'paper.html'), make: () => reportPage(runs, { command }), tables: 9, plots: 2 },
  'own data’s': {
    file: join(folder, 'own.html'),
    make: () => reportPage(runs.map(onOwnData), { command }),
    tables: 9,
    plots: 2,
  },
  'a fit’s': { file: join(folder, 'fit.html'), make: () => fitPage(fakeFit(), { command }), tables: 5, plots: 5 },
};

describe('a report in a browser', () => {
  let browser: Browser;
  const failures: string[] = [];
  const requests: string[] = [];

  const open = async (
    width: number,
    { file = pages['the paper’s'].file, colorScheme = 'light' }: { file?: string; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, offline: true, colorScheme });
    const page = await context.newPage();
    page.on('console', (message) => failures.push(message.text()));
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    return page;
  };

  beforeAll(async () => {
    for (const { file, make } of Object.values(pages)) writeFileSync(file, await make());
    browser = await launch();
  }, 240_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  describe.each(Object.entries(pages))('%s page', (_, { file, tables, plots }) => {
    it.each([1280, 400])('fits a window %i pixels wide, and asks for nothing but itself', async (width) => {
      requests.length = 0;
      const page = await open(width, { file });
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(await page.locator('table').count()).toBeGreaterThan(tables);
      expect(await page.locator('figure.plot').count()).toBeGreaterThanOrEqual(plots);
      expect(failures).toEqual([]);
      expect(new Set(requests.filter((url) => !url.startsWith('data:')))).toEqual(new Set([pathToFileURL(file).href]));
    });

    it.each([1280, 400])('cuts no figure, cell or picture at %i pixels, and hints at what scrolls', async (width) => {
      const page = await open(width, { file });
      await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
      const cut = await page.evaluate(`[...document.querySelectorAll('figure.plot svg, .cell svg, img')]
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 0)
        .filter((one) => {
          const { left, right } = one.getBoundingClientRect();
          return left < 0 || right > innerWidth + 0.5 || one.closest('.scroll') !== null;
        }).length`);
      expect(cut).toBe(0);
      const shown = await page.evaluate(`[...document.querySelectorAll('figure.plot')].map((figure) =>
        [...figure.querySelectorAll('.wide svg, .narrow svg')].filter((svg) => svg.checkVisibility()).length)`);
      expect(new Set(z.array(z.number()).parse(shown))).toEqual(new Set([1]));
      const unsaid = await page.evaluate(`[...document.querySelectorAll('.scroll')].filter((box) =>
        box.scrollWidth > box.clientWidth + 1 !== getComputedStyle(box, '::before').content.includes('scroll')).length`);
      expect(unsaid).toBe(0);
    });

    it.each(['light', 'dark'] as const)('has nothing serious for axe-core, %s and narrow', async (colorScheme) => {
      const page = await open(400, { file, colorScheme });
      await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
      expect(await seriousFaults(page)).toEqual([]);
      expect(failures).toEqual([]);
    });

    it('has the numbers of every chart behind it', async () => {
      const page = await open(1280, { file });
      const bare = await page.evaluate(`[...document.querySelectorAll('figure.plot')]
        .filter((figure) => figure.querySelector('details tbody td') === null).map(({ id }) => id)`);
      expect(bare).toEqual([]);
    });
  });

  it('keeps the names of operations in their boxes in a font that is far wider', async () => {
    const page = await open(1280, { file: pages['a fit’s'].file });
    const outside = async (): Promise<number> =>
      z.number().parse(
        await page.evaluate(`[...document.querySelectorAll('.cell g.node')].filter((node) => node.checkVisibility())
          .filter((node) => {
            const box = node.querySelector('path, polygon, ellipse').getBoundingClientRect();
            return [...node.querySelectorAll('text')].some((text) => {
              const { left, right } = text.getBoundingClientRect();
              return left < box.left || right > box.right;
            });
          }).length`),
      );
    expect(await page.locator('.cell .wide g.node').count()).toBeGreaterThan(10);
    expect(await outside()).toBe(0);
    await page.addStyleTag({ content: '.cell text { font-family: monospace !important; letter-spacing: 0.25em; }' });
    expect(await outside()).toBe(0);
    // Without a length of their own, they would leave their boxes.
    await page.evaluate(
      "for (const text of document.querySelectorAll('.cell text')) text.removeAttribute('textLength')",
    );
    expect(await outside()).toBeGreaterThan(10);
  });

  it('goes through the epochs by keyboard and by mouse', async () => {
    const page = await open(1280);
    const figure = page.locator('figure.cells').first();
    const slider = figure.getByRole('slider');
    const cell = figure.locator('.cell').first();
    const seen = () => cell.locator('svg:visible').textContent();
    const last = await seen();
    expect(await figure.locator('output').textContent()).toBe(`epoch ${EPOCHS} of ${EPOCHS}`);

    await slider.focus();
    await page.keyboard.press('Home');
    expect(await figure.locator('output').textContent()).toBe(`epoch 1 of ${EPOCHS}`);
    expect(await slider.getAttribute('aria-valuetext')).toBe(`epoch 1 of ${EPOCHS}`);
    expect(await seen()).toContain('max_pool_3x3');
    expect(await seen()).not.toBe(last);
    await page.keyboard.press('ArrowRight');
    expect(await figure.locator('output').textContent()).toBe(`epoch 2 of ${EPOCHS}`);
    expect(await seen()).toBe(last);

    await slider.click({ position: { x: 3, y: 8 } });
    expect(await figure.locator('output').textContent()).toBe(`epoch 1 of ${EPOCHS}`);
    expect(await cell.locator('svg:visible').count()).toBe(1);
    expect(await seen()).not.toBe(last);
    expect(failures).toEqual([]);
  });

  it('shows the last cells and no slider where scripts are off', async () => {
    const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.goto(pathToFileURL(pages['the paper’s'].file).href);
    expect(await page.locator('input[type=range]:visible').count()).toBe(0);
    expect(await page.locator('.cell').first().locator('svg:visible').count()).toBe(1);
  });
});

describe('tailnas report', () => {
  const saved = (run: LoadedRun, path = join(mkdtempSync(join(tmpdir(), 'tailnas-run-')), 'run')): string => {
    const target = createRun(path, run.info);
    for (const record of run.records) target.appendRecord(record);
    if (run.evaluation !== undefined) target.writeEvaluation(run.evaluation);
    target.close();
    return path;
  };
  const report = async (...args: string[]): Promise<string> => {
    const written: string[] = [];
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      await reportCommand().exitOverride().parseAsync(args, { from: 'user' });
    } finally {
      spy.mockRestore();
    }
    return written.join('');
  };
  const paths = runs.map((run) => saved(run));
  afterAll(() => {
    for (const path of paths) rmSync(join(path, '..'), { recursive: true });
  });

  it('writes the page and says where, or the table as JSON', async () => {
    const target = mkdtempSync(join(tmpdir(), 'tailnas-out-'));
    const out = join(target, 'new', 'report.html');
    expect(await report(...paths, '--out', out, '--title', 'Ours & theirs')).toBe(`${out}\n`);
    expect(readFileSync(out, 'utf8')).toContain('<title>Ours &amp; theirs</title>');
    expect(readdirSync(join(target, 'new'))).toEqual(['report.html']);
    const { report: where, rows } = JSON.parse(await report(...paths, '--out', out, '--json'));
    expect(where).toBe(out);
    expect(rows).toMatchObject([{ name: 'darts' }, { name: 'hls', seeds: [0, 1] }]);
    rmSync(target, { recursive: true });
  });

  it('makes the page of a fit of its folder, and its tables as JSON and Markdown', async () => {
    const target = mkdtempSync(join(tmpdir(), 'tailnas-fit-'));
    const fit = fakeFit();
    writeFitPlan(target, fit.plan);
    const names: readonly FitPart[] = ['search', 'network', 'random', 'resnet'];
    for (const name of names) {
      const run = fit.parts[name];
      if (run !== undefined) saved(run, fitPartDir(target, name));
    }
    const out = join(target, 'page.html');
    const { report: where, best, networks } = JSON.parse(await report(target, '--out', out, '--json'));
    expect([where, best]).toEqual([out, 'network']);
    expect(networks.map(({ name }: { name: string }) => name)).toHaveLength(4);
    expect(readFileSync(out, 'utf8')).toContain('Did the search help?');
    expect(await report(target, '--markdown')).toContain('| The network found (darts) ★');
    rmSync(target, { recursive: true });
  });

  it('prints Markdown, and writes no page that was not asked for', async () => {
    const target = mkdtempSync(join(tmpdir(), 'tailnas-out-'));
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(target);
    expect(await report(...paths, '--markdown')).toMatch(/^\| Method/);
    cwd.mockRestore();
    expect([existsSync('report.html'), readdirSync(target)]).toEqual([false, []]);
    const out = join(target, 'a.html');
    expect(await report(...paths, '--markdown', '--out', out)).toMatch(/^\| Method/);
    expect(readdirSync(target)).toEqual(['a.html']);
    rmSync(target, { recursive: true });
  });

  it('names a folder that is missing, refuses runs not to be compared, and then writes nothing', async () => {
    const out = join(tmpdir(), 'tailnas-never.html');
    await expect(report(...paths, 'no/such/run', '--out', out)).rejects.toThrow('no/such/run');
    await expect(report(...paths, ...paths.slice(0, 1), '--out', out)).rejects.toThrow('seeds of darts must differ');
    expect(existsSync(out)).toBe(false);
  });
});
