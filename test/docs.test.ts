import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examplesOf, typeErrors } from '../site/examples.js';
import { scaled, training } from '../src/experiment/index.js';
import { loadRun } from '../src/measure/index.js';
import { markdown } from '../src/page/index.js';
import { startRun } from '../src/session/index.js';
import { writeImages } from './support/images.js';
import { resultRuns } from './support/results.js';

const root = resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = readdirSync(root)
  .concat(readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`))
  .filter((name) => name.endsWith('.md'));

describe('every page', () => {
  it.each(pages)('%s links only to files that exist', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)].map((m) => m[1] ?? '');
    const missing = links.filter((l) => !/^https?:/.test(l) && !existsSync(resolve(root, dirname(page), l)));
    expect(missing).toEqual([]);
  });
});

describe('docs/details.md', () => {
  const details = [...read('docs/details.md').matchAll(/^\d+\. \*\*(.+?)\*\*.*\[`(.+?)`\]\(\.\.\/(.+?)\)$/gm)];

  it('quotes for each detail a line that its file has', () => {
    expect(details.length).toBeGreaterThan(20);
    const lost = details.filter(([, , fragment = '', file = '']) => !read(file).includes(fragment));
    expect(lost.map(([, title, fragment, file]) => `${title}: ${file} has no ${fragment}`)).toEqual([]);
  });
});

describe('the tables of docs/results/README.md', async () => {
  const runs = await resultRuns();
  const page = read('docs/results/README.md');
  const blocks = [...page.matchAll(/<!-- tailnas report (.+) --markdown -->\n\n([\s\S]*?)\n\n<!-- end -->/g)];
  const matching = (pattern: string): string[] => {
    const folder = join(runs, relative('docs/results', dirname(pattern)));
    const [start = '', end = ''] = basename(pattern).split('*');
    const names = readdirSync(folder).filter((name) => name.startsWith(start) && name.endsWith(end));
    return names.sort().map((name) => join(folder, name));
  };

  it('are what the report makes of the runs that they name', () => {
    expect(blocks.length).toBeGreaterThan(0);
    for (const [, patterns = '', text] of blocks)
      expect(markdown(patterns.split(' ').flatMap(matching).map(loadRun))).toBe(text);
  });

  it('are where README.md has its figures from', () => {
    const table = (text: string): Record<string, string>[] => {
      const lines = text.split('\n').filter((line) => line.startsWith('|'));
      const [head = [], , ...rows] = lines.map((line) => line.split('|').map((cell) => cell.trim()));
      return rows.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])));
    };
    const [, short = ''] = /<!-- from docs\/results -->([\s\S]*?)<!-- end -->/.exec(read('README.md')) ?? [];
    const whole = blocks.flatMap(([, , text = '']) => table(text.split('\n\n')[0] ?? ''));
    const rows = table(short);
    expect(rows.length).toBeGreaterThanOrEqual(5);
    for (const row of rows) expect(whole.find(({ Method }) => Method === row['Method'])).toMatchObject(row);
  });

  it('come from runs that tell no path of a machine', () => {
    const files = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(200);
    const told = files.map((name) => readFileSync(join(runs, name), 'utf8'));
    expect(told.join('\n').match(/"\/[^"]*"/g)).toBeNull();
  });
});

describe('the file tree of ARCHITECTURE.md', () => {
  it('names every room, and nothing that is not there', () => {
    const tree = /```\n(native\/[\s\S]*?)```/.exec(read('ARCHITECTURE.md'))?.[1] ?? '';
    const rooms = [...tree.matchAll(/^ {2}(\w[\w-]*)\/ /gm)].map((m) => m[1] ?? '');
    const real = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((e) => e.isDirectory())
      .map((e) => e.name);
    expect(rooms.sort()).toEqual(real.sort());
  });
});

describe('TypeScript examples', () => {
  // Below the package, so that `tailnas` resolves to itself as it does for those who install it.
  const folder = join(root, 'build', 'examples');
  const written = pages.map((file) => ({ file, text: read(file) }));
  const examples = written.flatMap((page) =>
    examplesOf(page).map(({ code }, i) => ({ name: `${page.file} ${i + 1}`, code })),
  );
  const file = (name: string): string => join(folder, `${name.replace(/\W+/g, '-').toLowerCase()}.ts`);
  // What the pages say there is, where an example runs.
  const [run, images] = [join(folder, 'birds'), join(folder, 'photos')];

  beforeAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const { name, code } of examples) writeFileSync(file(name), code);
    execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: root });
    // For the examples that open a run.
    await writeImages(join(images, 'train'), { cat: 6, dog: 6 });
    await writeImages(join(images, 'test'), { cat: 2, dog: 2 });
    cpSync(join(images, 'test', 'cat', '0.png'), join(folder, 'photo.png'));
    const data = { spec: images, imbalance: 'natural', imbalanceRatio: 1, imageSize: 16 } as const;
    const network = training({ name: 'resnet(8)', genotypes: null });
    const plan = scaled(network, { scale: 'smoke', values: { epochs: 1, channels: 4, batchSize: 4 } });
    for await (const _ of startRun({ plan, data, seed: 1, device: 'cpu', threads: 1, out: run }, { force: true }));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are in the pages that are about programs', () => {
    const named = new Set(examples.map(({ name }) => name.replace(/ \d+$/, '')));
    for (const page of ['README.md', 'docs/library.md', 'docs/tensor.md']) expect(named).toContain(page);
  });

  it('are typed as the pages say', () => expect(typeErrors(written)).toEqual([]));

  it.each(examples)(
    '$name runs and prints something',
    ({ name }) => {
      const out = execFileSync(process.execPath, ['--import', 'tsx', file(name)], { cwd: folder, encoding: 'utf8' });
      expect(out.trim()).not.toBe('');
      expect(out).not.toMatch(/NaN|undefined/);
    },
    300_000,
  );

  it('have at most 15 lines', () => {
    const lines = examples.map(({ name, code }) => ({ name, lines: code.trim().split('\n').length }));
    expect(lines.filter(({ lines }) => lines > 15)).toEqual([]);
  });
});
