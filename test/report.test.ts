import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { command as reportCommand } from '../src/cli/report.js';
import type { LoadedRun } from '../src/measure/index.js';
import { reportPage } from '../src/page/index.js';
import { createRun } from '../src/run/index.js';
import { launch } from './support/browser.js';
import { fakeRun } from './support/fake-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'tailnas-report-'));
const file = join(folder, 'page.html');
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

describe('a report in a browser', () => {
  let browser: Browser;
  const failures: string[] = [];
  const requests: string[] = [];

  const open = async (width: number): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, offline: true });
    const page = await context.newPage();
    page.on('console', (message) => failures.push(message.text()));
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    return page;
  };

  beforeAll(async () => {
    writeFileSync(file, await reportPage(runs, { command: ['tailnas', 'report'] }));
    browser = await launch();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  it.each([1280, 400])('fits a window %i pixels wide, and asks for nothing but itself', async (width) => {
    const page = await open(width);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(await page.locator('table').count()).toBeGreaterThan(8);
    expect(await page.locator('#results table').first().locator('tbody tr').count()).toBe(2);
    expect(await page.locator('#figures svg').count()).toBeGreaterThan(0);
    expect(failures).toEqual([]);
    expect(new Set(requests)).toEqual(new Set([pathToFileURL(file).href]));
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
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator('input[type=range]:visible').count()).toBe(0);
    expect(await page.locator('.cell').first().locator('svg:visible').count()).toBe(1);
  });
});

describe('tailnas report', () => {
  const saved = (run: LoadedRun): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'tailnas-run-')), 'run');
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
  const paths = runs.map(saved);
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
