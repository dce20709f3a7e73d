import { appendFileSync, linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { LoadedRun } from '../src/measure/index.js';
import { serveRuns } from '../src/serve/listen.js';
import { type WatchedRuns, watchedRuns } from '../src/serve/watched-runs.js';
import { launch, serve } from './support/browser.js';
import { buildCli, type Cli, type Running } from './support/cli.js';
import { fakeRun } from './support/fake-runs.js';
import { writeImages } from './support/images.js';
import { leaveRun, linesOf } from './support/run-folders.js';

const require = createRequire(import.meta.url);
const TINY = '--image-size 16 --threads 1 --channels 2 --layers 3 --nodes 2 --batch-size 8 --imbalance natural'.split(
  ' ',
);

/** Elsewhere there is no /proc to read memory from. */
const LINUX = process.platform === 'linux';

let cli: Cli;
let browser: Browser;
const folders: string[] = [];
const fresh = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tailnas-live-'));
  folders.push(folder);
  return folder;
};

beforeAll(async () => {
  cli = await buildCli();
  browser = await launch({ guarded: true });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  cli?.dispose();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const address = z.object({ url: z.string(), port: z.number(), token: z.string().nullable() });
type Address = z.infer<typeof address>;

/** `tailnas watch` as a user starts it, once it listens. */
const watching = async (args: readonly string[]): Promise<Address & { page: Running; milliseconds: number }> => {
  const began = performance.now();
  const page = cli.start(['watch', ...args, '--port', '0', '--json']);
  const text = await page.printed('\n');
  return { ...address.parse(JSON.parse(text)), page, milliseconds: performance.now() - began };
};

const summaries = z.object({
  runs: z.array(z.object({ name: z.string(), state: z.string(), progress: z.object({ done: z.number() }) })),
});
const runsOf = async ({ port }: Pick<Address, 'port'>) =>
  summaries.parse(await (await fetch(`http://127.0.0.1:${port}/api/runs`)).json()).runs;

/** What a socket got until it was closed, or for so long. */
const answerTo = (port: number, request: string, milliseconds = 2000): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.includes('\r\n\r\n')) globalThis.setTimeout(end, 100);
    });
    socket.on('close', end).on('error', end);
    globalThis.setTimeout(end, milliseconds);
  });

const memoryOf = (pid: number, name: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;

/** Processor time that a process has taken so far, in milliseconds: what others do on the machine is not in it. */
const processorTime = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
};

const hls = (seed: number, epochs = 6): LoadedRun =>
  fakeRun({ name: 'hls', label: 'HLS', seed, epochs, bilateral: true });

interface Opened {
  readonly page: Page;
  readonly failures: readonly string[];
  readonly requests: readonly string[];
}

const open = async (
  url: string,
  { width = 1280, colorScheme = 'light' }: { width?: number; colorScheme?: 'light' | 'dark' } = {},
): Promise<Opened> => {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const failures: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => failures.push(message.text()));
  page.on('pageerror', (error) => failures.push(error.message));
  page.on('dialog', (dialog) => failures.push(`dialog ${dialog.message()}`));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  await page.waitForSelector('#facts dd');
  return { page, failures, requests };
};

describe('tailnas watch', () => {
  it('follows a real run in a browser: epochs as they end, a stop, its end', async () => {
    await writeImages(join(cli.folder, 'data', 'train'), { cat: 100, dog: 14 });
    await writeImages(join(cli.folder, 'data', 'test'), { cat: 3, dog: 3 });
    const { url, page: server } = await watching(['.']);
    const search = cli.start(['search', 'hls', '--data', 'data', ...TINY, '--epochs', '40', '--out', 'run']);
    await search.said('epoch  2/40');
    const { page, failures, requests } = await open(url);
    const lead = page.locator('.lead-line');
    expect(await lead.textContent()).toMatch(/^Running on \S+: \d+ of 40 epochs done, phase search, .*about .* left/);
    const epoch = async (): Promise<number> => Number(/(\d+) of 40/.exec((await lead.textContent()) ?? '')?.[1]);
    const first = await epoch();
    await expect.poll(epoch, { timeout: 60_000 }).toBeGreaterThan(first + 1);
    expect(await page.locator('#title').textContent()).toMatch(/run$/);
    for (const name of ['Loss', 'Accuracy', 'Head, middle and tail', 'Head to tail', 'Schedules'])
      expect(await page.locator('#charts .chart h3', { hasText: name }).first().isVisible()).toBe(true);
    expect(await page.locator('#alpha-chart svg[role=img]').getAttribute('aria-label')).toMatch(
      /the largest on each edge/,
    );
    await expect.poll(() => page.evaluate('[...document.images].every((one) => one.naturalWidth > 0)')).toBe(true);
    expect(await page.locator('#cells img').count()).toBe(4); // backbone: two kinds, a cell per head
    search.send('SIGINT');
    expect((await search.exit).code).toBe(130);
    await expect.poll(() => lead.textContent(), { timeout: 15_000 }).toMatch(/^Stopped after \d+ of 40 epochs/);
    const resumed = cli.start(['resume', 'run']);
    await expect.poll(() => lead.textContent(), { timeout: 60_000 }).toMatch(/^Running/);
    expect((await resumed.exit).code).toBe(0);
    await expect.poll(() => lead.textContent(), { timeout: 15_000 }).toMatch(/^Finished: 40 epochs/);
    expect(await page.locator('#status').textContent()).toMatch(/^live; .* is finished$/);
    expect(failures).toEqual([]);
    expect(new Set(requests.map((request) => new URL(request).origin).filter((one) => one !== 'null'))).toEqual(
      new Set([new URL(url).origin]),
    );
    server.send('SIGINT');
    expect((await server.exit).code).toBe(0);
    await expect.poll(() => page.locator('#status').textContent(), { timeout: 15_000 }).toMatch(/^connection lost/);
  });

  it('starts in less than a second of processor time, without the engine', async () => {
    const base = fresh();
    leaveRun(join(base, 'a'), hls(1));
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { page, milliseconds, port } = await watching([base]);
      times.push(LINUX ? processorTime(page.pid) : milliseconds);
      await fetch(`http://127.0.0.1:${port}/`);
      await expect.poll(async () => (await runsOf({ port })).length).toBe(1);
      if (LINUX) {
        const loaded = readFileSync(`/proc/${page.pid}/maps`, 'utf8');
        expect(loaded).not.toMatch(/libtorch|libc10|tailnas\S*\.node/);
      }
      page.send('SIGTERM');
      expect((await page.exit).code).toBe(0);
    }
    expect(Math.min(...times)).toBeLessThan(1000);
  });

  it('says what to do where it cannot listen or look', async () => {
    const base = fresh();
    const { port, page } = await watching([base]);
    const taken = await cli.run(['watch', base, '--port', String(port)]);
    expect(taken).toMatchObject({ code: 1, stdout: '' });
    expect(taken.stderr).toBe(
      `error: Cannot listen on 127.0.0.1:${port}: the port must be free, another program uses it; give another ` +
        '--port, or 0 for any\n',
    );
    page.send('SIGINT');
    expect((await cli.run(['watch', join(base, 'nothing')])).stderr).toMatch(
      /the folder does not exist; check the path/,
    );
    expect((await cli.run(['watch', base, '--port', '70000'])).code).toBe(2);
    expect((await cli.run(['watch', base, '--host', 'no.such.host.invalid'])).stderr).toMatch(
      /--host must be an address/,
    );
  });

  it('asks for a token elsewhere than on this machine, and says how it is reached', async () => {
    const base = fresh();
    const server = cli.start(['watch', base, '--host', '0.0.0.0', '--port', '0']);
    const text = await server.printed('Ctrl-C');
    const [, host, port = '', token = ''] = /http:\/\/([^/:]+):(\d+)\/\?token=([\w-]{32})\n/.exec(text) ?? [];
    expect(host).toBe(hostname()); // 0.0.0.0 leads nowhere from another machine
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(401);
    const welcome = await fetch(`http://127.0.0.1:${port}/?token=${token}`, { redirect: 'manual' });
    expect(welcome.status).toBe(302);
    server.send('SIGINT');
    const local = cli.start(['watch', base, '--port', '0']);
    expect(await local.printed('Ctrl-C')).toMatch(/: http:\/\/127\.0\.0\.1:(\d+)\/\n.* ssh -L \1:127\.0\.0\.1:\1 /);
    local.send('SIGINT');
  });
});

describe('the page in a browser', () => {
  let url: string;
  let close: () => Promise<void>;
  const HOSTILE = '<img src=x onerror=alert(1)>';
  let base: string;

  beforeAll(async () => {
    base = fresh();
    leaveRun(join(base, 'darts-1'), fakeRun({ name: 'darts', label: 'DARTS', seed: 1, epochs: 5, bilateral: false }), {
      finished: true,
    });
    leaveRun(join(base, 'hls-10'), hls(10), { epochs: 5 });
    leaveRun(join(base, 'hls-9'), hls(9), { epochs: 4, failure: `Training diverged: ${HOSTILE}` });
    const run = hls(3);
    const { data, experiment } = run.info;
    const classes = data.classes.map((name, i) => (i === 0 ? HOSTILE : i === 1 ? '\u202egpj.exe' : `${name}</script>`));
    const bad = {
      nodes: [
        [
          { op: HOSTILE, from: 0 },
          { op: '"><script>alert(2)</script>', from: 1 },
        ],
      ],
      concat: [2],
    };
    leaveRun(
      join(base, `${HOSTILE}`),
      {
        ...run,
        info: {
          ...run.info,
          data: { ...data, classes, name: HOSTILE },
          experiment: {
            ...experiment,
            label: `<b onmouseover=alert(3)>${HOSTILE}</b>`,
            space: {
              name: HOSTILE,
              primitives: (experiment.space?.primitives ?? []).map((name) => `${name}${HOSTILE}`),
            },
          },
          command: ['tailnas', HOSTILE],
        },
        records: run.records.map((record) => ({ ...record, genotype: { backbone: { normal: bad } } })),
      },
      { epochs: 3 },
    );
    writeFileSync(
      join(base, 'report.html'),
      '<!doctype html><title>mine</title><script>document.title = self.origin</script>',
    );
    const runs = watchedRuns([base], { every: 200 });
    ({ url, close } = await serveRuns(runs, { port: 0, host: '127.0.0.1' }));
  });
  afterAll(() => close());

  it.each([
    [1280, 'light'],
    [400, 'dark'],
  ] as const)('fits a window %i pixels wide, and has nothing serious for axe-core, %s', async (width, colorScheme) => {
    const { page, failures, requests } = await open(url, { width, colorScheme });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    // The policy lets no script in but the page's own; this one is of the test.
    await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
    await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
    const axe = z.array(
      z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) }),
    );
    const found = axe.parse(await page.evaluate('axe.run().then(({ violations }) => violations)'));
    const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
    expect(failures).toEqual([]);
    expect(new Set(requests.map((request) => new URL(request).origin).filter((one) => one !== 'null'))).toEqual(
      new Set([new URL(url).origin]),
    );
  });

  it('is sorted, filtered and chosen from by keyboard', async () => {
    const { page } = await open(url);
    const names = () => page.locator('.runs tbody th button').allTextContents();
    const head = page.locator('.runs th', { hasText: 'Per class' });
    await head.getByRole('button').focus();
    await page.keyboard.press('Enter');
    expect(await head.getAttribute('aria-sort')).toBe('descending');
    const values = (await page.locator('.runs tbody tr td:nth-child(5)').allTextContents()).map(Number.parseFloat);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    await page.keyboard.press('Enter');
    expect(await head.getAttribute('aria-sort')).toBe('ascending');
    await page.locator('.runs th', { hasText: 'Run' }).getByRole('button').click();
    const tails = (await names()).map((name) => name.split('/').at(-1));
    expect(tails.slice(-3)).toEqual(['darts-1', 'hls-9', 'hls-10']); // as people count
    await page.getByRole('searchbox').fill('diverged hls');
    expect((await names()).map((name) => name.split('/').at(-1))).toEqual(['hls-9']);
    await page.locator('.runs tbody button').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('.lead-line').textContent()).toMatch(/^Diverged after 4 of 6 epochs: Training diverged/);
    expect(await page.evaluate('document.activeElement.id')).toBe('run');
    expect(new URL(page.url()).hash).toMatch(/^#[0-9a-f]{12}$/);
  });

  it('lays curves of chosen runs over each other', async () => {
    const { page } = await open(url);
    const chart = page.locator('#compared .chart');
    await expect.poll(() => chart.locator('.legend li').count()).toBe(4);
    await page.getByRole('checkbox', { name: /hls-9$/ }).uncheck();
    await expect.poll(() => chart.locator('.legend li').count()).toBe(3);
    await page.getByLabel('Measure').selectOption({ label: 'training loss' });
    await expect.poll(() => chart.locator('h3').textContent()).toBe('Of 3 runs: training loss');
    expect(await chart.locator('svg[role=img]').getAttribute('aria-label')).toMatch(/darts-1 0\.\d+ at epoch 5/);
    expect(await chart.locator('details tbody tr').count()).toBe(5);
  });

  it('takes markup in names, classes and operations for text', async () => {
    const { page, failures } = await open(url);
    await page.locator('.runs tbody button', { hasText: 'onerror' }).click();
    await page.waitForSelector('#cells img');
    await page.waitForTimeout(500);
    expect(await page.locator('#run-heading').textContent()).toContain(HOSTILE);
    expect(await page.locator('#charts').textContent()).toContain(HOSTILE.slice(0, 17));
    expect(await page.locator('#charts').textContent()).toContain('\\u{202e}gpj.exe');
    expect(await page.locator('#alpha-chart').textContent()).toContain(HOSTILE);
    expect(await page.locator('#cells pre').first().textContent()).toContain(HOSTILE);
    expect(await page.locator('[onerror], [onmouseover], main script, img:not(#cells img)').count()).toBe(0);
    await expect.poll(() => page.evaluate('[...document.images].every((one) => one.naturalWidth > 0)')).toBe(true);
    expect(failures).toEqual([]);
  });

  it('lets a report run its script, but nowhere near the page', async () => {
    const { page } = await open(url);
    await page.getByRole('link', { name: /^Report of/ }).click();
    await expect.poll(() => page.title()).toBe('null');
    expect(await page.evaluate("fetch('/api/runs').then(() => 'read', () => 'refused')")).toBe('refused');
  });

  it('cannot be read by another site, nor shown in it', async () => {
    const folder = fresh();
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>other</title>');
    const other = await serve(folder);
    const page = await browser.newPage();
    await page.goto(other.url);
    for (const mode of ['cors', 'no-cors'])
      expect(
        await page.evaluate(`fetch('${url}api/runs', { mode: '${mode}' }).then(() => 'read', () => 'refused')`),
      ).toBe('refused');
    await page.setContent(`<iframe src="${url}"></iframe>`);
    await page.waitForTimeout(500);
    expect(await page.frames()[1]?.locator('#title').count()).toBe(0);
    await page.close();
    other.close();
  });
});

describe('attacks', () => {
  it.each<[string, string, RegExp]>([
    ['another name', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', /^HTTP\/1.1 403/],
    ['two names', 'GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil.example\r\n\r\n', /^HTTP\/1.1 4\d\d/],
    ['no name', 'GET / HTTP/1.0\r\n\r\n', /^HTTP\/1.1 40[03]/],
    ['a whole address', 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n', /^HTTP\/1.1 40[03]/],
    ['a path up', 'GET /../../../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n', /^HTTP\/1.1 404/],
    [
      'a path up, spelled out',
      'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n',
      /^HTTP\/1.1 404/,
    ],
    ['a backslash', 'GET /..\\..\\etc\\passwd HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n', /^HTTP\/1.1 40[04]/],
    [
      'a post',
      'POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 9\r\n\r\n{"a":"b"}',
      /^HTTP\/1.1 405/,
    ],
    ['noise', '\x16\x03\x01\x02\x00\x01\x00', /^HTTP\/1.1 400/],
    ['long headers', `GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, /^HTTP\/1.1 431/],
  ])('refuses %s', async (_, request, answer) => {
    const { port, close } = await serveRuns(watchedRuns([fresh()]), { port: 0, host: '127.0.0.1' });
    const text = await answerTo(port, request.replaceAll('PORT', String(port)), 1500);
    expect(text).toMatch(answer);
    expect(text).not.toContain('root:');
    await close();
  });

  it('hangs up on who asks for news and reads none of it, and keeps nothing for them', async () => {
    let revision = 1;
    const wakes = new Set<() => void>();
    const filler = 'x'.repeat(1_000_000);
    const asked: number[] = [];
    const runs: WatchedRuns = {
      ...watchedRuns([fresh()]),
      since: (seen) => {
        asked.push(seen);
        return { revision, now: 0, runs: [], gone: [filler], folders: null };
      },
      news: (_, { signal }) =>
        new Promise((resolve) => {
          const wake = (): void => {
            wakes.delete(wake);
            resolve();
          };
          wakes.add(wake);
          signal.addEventListener('abort', wake);
        }),
    };
    const { port, close } = await serveRuns(runs, { port: 0, host: '127.0.0.1', patience: 1000 });
    const socket: Socket = connect({ port, host: '127.0.0.1' });
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    socket.on('error', () => {});
    socket.pause();
    socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    const began = process.memoryUsage.rss();
    for (let i = 0; i < 300; i++) {
      revision++;
      for (const wake of [...wakes]) wake();
      await setTimeout(10);
    }
    // 300 MB of news there were: what fits into the buffers of the system was sent, the rest never made.
    expect(asked.length).toBeLessThan(60);
    expect((process.memoryUsage.rss() - began) / 1e6).toBeLessThan(150);
    expect(wakes.size).toBe(0);
    socket.resume();
    await expect.poll(() => closed, { timeout: 10_000 }).toBe(true);
    await close();
  });

  it.runIf(LINUX)('outlives 1,000 connections, and answers when they are gone and before', async () => {
    const base = fresh();
    leaveRun(join(base, 'a'), hls(1));
    const { port, page } = await watching([base]);
    await expect.poll(async () => (await runsOf({ port })).length).toBe(1);
    const before = memoryOf(page.pid, 'VmRSS');
    const sockets = Array.from({ length: 1000 }, (_, i) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => {});
      if (i % 2 === 0) socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      else if (i % 3 === 0) socket.write('GET / HTTP/1.1\r\nHost: ');
      return socket.pause();
    });
    // Who sends nothing holds a connection for seconds.
    await expect
      .poll(
        () =>
          runsOf({ port }).then(
            ({ length }) => length,
            () => 0,
          ),
        { timeout: 40_000, interval: 500 },
      )
      .toBe(1);
    expect(memoryOf(page.pid, 'VmHWM') - before).toBeLessThan(100);
    for (const socket of sockets) socket.destroy();
    await setTimeout(200);
    expect(await runsOf({ port })).toHaveLength(1);
    expect(await answerTo(port, `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 500)).toMatch(
      /^HTTP\/1.1 200/,
    );
    page.send('SIGINT');
    expect((await page.exit).code).toBe(0);
  });
});

describe('200 runs of 50 epochs', () => {
  const RUNS = 200;
  const EPOCHS = 50;
  let base: string;
  /** The records of all runs: one file of many names, so that all of them have an epoch more at once. */
  let lines: string;
  const made = hls(0, 60);

  beforeAll(() => {
    base = fresh();
    // Alpha of a real record comes with the weights of the operations.
    const records = made.records.slice(0, EPOCHS).map((record) => ({ ...record, opWeights: record.alpha ?? {} }));
    lines = join(base, '.lines');
    writeFileSync(lines, linesOf(records));
    for (let i = 0; i < RUNS; i++) {
      const dir = join(base, `hls-${i}`);
      leaveRun(dir, { ...made, info: { ...made.info, seed: i } }, { epochs: 0 });
      rmSync(join(dir, 'metrics.jsonl'));
      linkSync(lines, join(dir, 'metrics.jsonl'));
    }
  }, 120_000);

  it.runIf(LINUX)('take less than 200 MB, and less than a second of processor time to refresh', async () => {
    const { port, page, milliseconds } = await watching([base]);
    const done = async (): Promise<number> =>
      (await runsOf({ port })).filter(({ state, progress }) => state === 'stopped' && progress.done === EPOCHS).length;
    const began = performance.now();
    await expect.poll(done, { timeout: 120_000, interval: 500 }).toBe(RUNS);
    const first = performance.now() - began;
    const shown = await open(`http://127.0.0.1:${port}/`);
    await setTimeout(4000); // a few looks
    const [rss, most] = [memoryOf(page.pid, 'VmRSS'), memoryOf(page.pid, 'VmHWM')];
    page.send('SIGINT');
    expect(shown.failures.filter((text) => !text.includes('ERR_'))).toEqual([]);
    await page.exit;

    const runs = watchedRuns([base]);
    await runs.look();
    const timed = async (): Promise<number> => {
      const start = process.cpuUsage();
      await runs.look();
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    };
    const quiet = await timed();
    appendFileSync(lines, linesOf(made.records.slice(EPOCHS, EPOCHS + 1)));
    const busy = await timed();
    expect(runs.since(0).runs.map(({ progress }) => progress.done)).toEqual(new Array(RUNS).fill(EPOCHS + 1));
    process.stdout.write(
      `listening after ${milliseconds.toFixed(0)} ms, all read after ${first.toFixed(0)} ms, ` +
        `${rss.toFixed(0)} MB (at most ${most.toFixed(0)}), ` +
        `a look ${quiet.toFixed(0)} ms, one that finds an epoch more of all ${busy.toFixed(0)} ms\n`,
    );
    expect(most).toBeLessThan(200);
    expect(quiet).toBeLessThan(1000);
    expect(busy).toBeLessThan(1000);
  });
});
