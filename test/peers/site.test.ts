import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseHTML } from 'linkedom';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../site/build.js';
import { loadCommands } from '../../site/commands.js';
import { readPages } from '../../site/prepare.js';
import { api, groups, pageOf } from '../../site/site-map.js';
import { launch, seriousFaults, serve } from '../support/browser.js';

const root = resolve(import.meta.dirname, '..', '..');
const folder = join(root, 'build', 'site');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const htmlOf = (page: string): string => page.replace(/\.md$/, '.html');
const built = (ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));

beforeAll(() => {
  execFileSync('npm', ['run', '--silent', 'site'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}, 600_000);

describe('the site', () => {
  it('has every page of the repository, each with its title', () => {
    const pages = readPages();
    expect(pages.length).toBeGreaterThan(12);
    for (const { file, text } of pages) {
      const [, title = ''] = /^# (.+)$/m.exec(text) ?? [];
      const { document } = parseHTML(read(htmlOf(pageOf(file))));
      expect(document.querySelector('h1')?.textContent, file).toContain(title);
    }
  });

  it('lists its guides in their order, then the references', () => {
    const { document } = parseHTML(read('index.html'));
    const listed = [...document.querySelectorAll('.VPSidebar .level-1 > .item .text')].map((e) => e.textContent);
    const there = groups[0]?.entries.filter(({ file }) => existsSync(join(root, file))) ?? [];
    expect(there.length).toBeGreaterThan(5);
    expect(listed.slice(0, there.length + 2)).toEqual([...there.map(({ title }) => title), 'Commands', 'API']);
  });

  it('describes every command, and each of its options', async () => {
    const commands = await loadCommands();
    const told = execFileSync('node', ['dist/cli/main.js', '--help'], { cwd: root, encoding: 'utf8' });
    const names = [...told.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => name);
    expect(commands.map((command) => command.name())).toEqual(names);
    for (const command of commands) {
      const { document } = parseHTML(read(`commands/${command.name()}.html`));
      const text = document.querySelector('main')?.textContent ?? '';
      for (const { flags, description } of command.options) {
        expect(text).toContain(flags);
        expect(text).toContain(description.replaceAll('`', ''));
      }
    }
  });

  it('describes what each entry point exports', async () => {
    for (const name of api) {
      const module: object = await import(name);
      const { document } = parseHTML(read(`api/${name}.html`));
      const headings = [...document.querySelectorAll('main h3')].map(
        ({ textContent }) => /^\w+/.exec(textContent)?.[0],
      );
      const missing = Object.keys(module).filter((key) => !headings.includes(key));
      expect(missing, name).toEqual([]);
    }
  });

  it('leads nowhere that does not exist', () => {
    const ids = new Map<string, Set<string>>();
    const documents = built('.html').map((file) => ({ file, document: parseHTML(read(file)).document }));
    for (const { file, document } of documents)
      ids.set(file, new Set([...document.querySelectorAll('[id]')].map(({ id }) => id)));
    const wrong = documents.flatMap(({ file, document }) =>
      [...document.querySelectorAll('main a[href], .VPSidebar a[href]')].flatMap((a) => {
        const href = a.getAttribute('href') ?? '';
        if (/^(?:https?|mailto):/.test(href)) return [];
        const [path = '', anchor = ''] = decodeURIComponent(href).split('#');
        const target = path.startsWith('/') ? path.slice(1) : path === '' ? file : join(dirname(file), path);
        const page = target === '' || target.endsWith('/') ? `${target}index.html` : target;
        const found = existsSync(join(folder, page)) && (anchor === '' || ids.get(page)?.has(anchor) !== false);
        return found ? [] : [`${file}: ${href}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('names no other host in what a page loads', () => {
    const loaded = built('.html').flatMap((file) =>
      [...parseHTML(read(file)).document.querySelectorAll('script[src], link[href], img[src], iframe')].map(
        (e) => e.getAttribute('src') ?? e.getAttribute('href') ?? '',
      ),
    );
    expect(loaded.length).toBeGreaterThan(100);
    expect(loaded.filter((url) => !/^(?:\/(?!\/)|data:)/.test(url))).toEqual([]);
    const styles = built('.css').flatMap((file) => read(file).match(/@import[^;]*|url\((?!["']?data:)[^)]*\)/g) ?? []);
    expect(styles.filter((url) => /https?:|\(\s*["']?\/\//.test(url))).toEqual([]);
    const calls = built('.js').flatMap(
      (file) => read(file).match(/\b(?:import|fetch)\(["'`](?:https?:)?\/\/[^)]*/g) ?? [],
    );
    expect(calls).toEqual([]);
  });

  it('is configured without type errors', () => {
    execFileSync('npx', ['tsc', '-p', 'site'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  });

  it('is not built when an example has a type error', async () => {
    const before = statSync(join(folder, 'index.html')).mtimeMs;
    const text = '# Broken\n\n```ts\nimport { threads } from "tailnas/tensor";\n\nthreads.set("two");\n```\n';
    const broken = { file: 'docs/broken.md', text };
    await expect(build([...readPages(), broken])).rejects.toThrow(
      /^Cannot build the site: examples have type errors\ndocs\/broken\.md:6: Argument of type 'string'[^\n]*$/,
    );
    expect(statSync(join(folder, 'index.html')).mtimeMs).toBe(before);
  });
});

describe('the site in a browser', () => {
  let browser: Browser;
  let host: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    [browser, host] = await Promise.all([launch(), serve(folder)]);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    host.close();
  });

  const open = async (path: string, { width = 1280, colorScheme = 'light' }: Partial<Look> = {}) => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on('console', (message) => wrong.push(message.text()));
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (r) => r.url().startsWith(host.url) || r.url().startsWith('data:') || wrong.push(r.url()));
    page.on('response', (response) => response.ok() || wrong.push(`${response.status()} ${response.url()}`));
    await page.goto(`${host.url}${path}`);
    await page.waitForLoadState('networkidle');
    return { page, wrong, close: () => context.close() };
  };
  interface Look {
    readonly width: number;
    readonly colorScheme: 'light' | 'dark';
  }
  const looks = [1280, 400].flatMap((width) =>
    (['light', 'dark'] as const).map((colorScheme): Look => ({ width, colorScheme })),
  );

  describe.each(looks)('$width pixels wide, $colorScheme', (look) => {
    it.each(['index.html', 'methods.html', 'commands/train.html'])(
      '%s has nothing serious for axe-core',
      async (path) => {
        const { page, wrong, close } = await open(path, look);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
        expect(await seriousFaults(page)).toEqual([]);
        expect(wrong).toEqual([]);
        await close();
      },
    );
  });

  it('is searched without asking anyone', async () => {
    const { page, wrong, close } = await open('index.html');
    await page.keyboard.press('Control+k');
    await page.locator('#localsearch-input').fill('balanced-softmax');
    await page.locator('.results .result').first().waitFor();
    expect(await page.locator('.results a').first().getAttribute('href')).not.toContain('/api/');
    const first = page.locator('.results .result').filter({ hasText: 'Training on a long tail' }).first();
    await first.click();
    await page.waitForURL(/folder(?:\.html)?#training-on-a-long-tail/);
    expect(wrong).toEqual([]);
    await close();
  });

  it.each([1280, 400])('lets code and tables scroll by themselves at %i pixels', async (width) => {
    for (const path of ['measured.html', 'results/index.html', 'operators.html', 'own.html', 'api/tailnas.html']) {
      const { page, close } = await open(path, { width });
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), path).toBeLessThanOrEqual(0);
      await close();
    }
  });
});
