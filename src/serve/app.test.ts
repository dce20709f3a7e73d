import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeRun, fakeTraining } from '../../test/support/fake-runs.js';
import { given } from '../../test/support/fixtures.js';
import { beginRun, leaveRun } from '../../test/support/run-folders.js';
import { genotypes, type RunFolder } from '../run/index.js';
import { watchApp } from './app.js';
import { type WatchedRuns, watchedRuns } from './watched-runs.js';

const hls = fakeRun({ name: 'hls', label: 'HLS', seed: 1, epochs: 6, bilateral: true });
const darts = fakeRun({ name: 'darts', label: 'DARTS', seed: 2, epochs: 4, bilateral: false });
const trained = fakeTraining({ name: 'train-hls', label: 'HLS, derived', seed: 3, epochs: 5 });

const HOST = '127.0.0.1:7007';
let base: string;
let runs: WatchedRuns;
let app: ReturnType<typeof watchApp>;
let live: RunFolder;

const get = (path: string, { host = HOST, ...headers }: Record<string, string> = {}, method = 'GET') =>
  app.request(`http://${HOST}${path}`, { method, headers: { host, ...headers } });

const summary = z.object({
  ...{ id: z.string(), name: z.string(), state: z.string(), sentence: z.string().nullable(), label: z.string() },
  progress: z.object({ done: z.number(), planned: z.number(), left: z.number().nullable() }),
  ...{ perClass: z.number().nullable(), test: z.number().nullable() },
});
const all = async (): Promise<Map<string, z.infer<typeof summary>>> => {
  await runs.look();
  const found = z.object({ runs: z.array(summary) }).parse(await (await get('/api/runs')).json());
  return new Map(found.runs.map((run) => [run.name.split('/').slice(1).join('/'), run]));
};
const idOf = async (name: string): Promise<string> => (await all()).get(name)?.id ?? 'none';

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'tailnas-watch-'));
  leaveRun(join(base, 'finished'), darts, { finished: true });
  leaveRun(join(base, 'stopped'), hls, { epochs: 2 });
  leaveRun(join(base, 'deeper', 'trained'), trained, { epochs: 3 });
  leaveRun(join(base, 'diverged'), hls, { epochs: 3, failure: 'Training diverged: the loss (NaN) is not finite.' });
  leaveRun(join(base, 'failed'), hls, { epochs: 1, failure: 'the disk is full' });
  leaveRun(join(base, 'broken'), hls, { epochs: 2 });
  writeFileSync(join(base, 'broken', 'metrics.jsonl'), '{"seal":"00"}\n');
  leaveRun(join(base, 'unreadable'), hls, { epochs: 2 });
  writeFileSync(join(base, 'unreadable', 'run.json'), '{');
  writeFileSync(join(base, 'deeper', 'report.html'), '<!doctype html><script>parent.fetch("/")</script>');
  symlinkSync(join(base, 'finished'), join(base, 'link'));
  mkdirSync(join(base, 'empty'));
  live = beginRun(join(base, 'live'), hls, { epochs: 2 });
  runs = watchedRuns([base], { every: 0 });
  app = watchApp(runs, { port: () => 7007, mostStreams: 2 });
});
afterAll(() => {
  live.close();
  runs.end();
  rmSync(base, { recursive: true });
});

describe('the live page', () => {
  it('says of every run how it stands, and follows no link', async () => {
    const states = new Map([...(await all())].map(([name, { state }]) => [name, state]));
    expect(Object.fromEntries(states)).toEqual({
      ...{ finished: 'finished', stopped: 'stopped', 'deeper/trained': 'stopped', diverged: 'diverged' },
      ...{ failed: 'failed', broken: 'damaged', unreadable: 'damaged', live: 'running' },
    });
  });

  it('says what went wrong, in the sentence of the folder', async () => {
    const found = await all();
    expect(found.get('diverged')?.sentence).toMatch(/^Training diverged: the loss/);
    expect(found.get('failed')?.sentence).toBe('the disk is full');
    expect(found.get('broken')?.sentence).toMatch(/line 1 is damaged: .*; restore the file from a copy$/);
    expect(found.get('unreadable')?.sentence).toMatch(/run.json is damaged: the text is not JSON/);
  });

  it('says how far a run is and how long the rest takes, by its own epochs', async () => {
    const { progress, perClass } = (await all()).get('live') ?? {};
    expect(progress).toMatchObject({ done: 2, planned: 6 });
    const seconds = hls.records.slice(0, 2).map((record) => record.seconds);
    expect(progress?.left).toBeCloseTo(4 * (seconds.reduce((a, b) => a + b) / 2), 6);
    const shares = hls.records[1]?.perClassAccuracy ?? [];
    expect(perClass).toBeCloseTo(shares.reduce((sum: number, a) => sum + (a ?? 0), 0) / shares.length, 9);
    expect((await all()).get('finished')).toMatchObject({ progress: { left: null } });
    expect((await all()).get('finished')?.test).toBe(darts.evaluation?.meanPerClassAccuracy);
  });

  it('sees epochs as they end, a run that went back, and one that was finished', async () => {
    const dir = join(base, 'changing');
    const folder = beginRun(dir, darts, { epochs: 3 });
    expect((await all()).get('changing')).toMatchObject({ state: 'running', progress: { done: 3 } });
    folder.truncateRecords(({ epoch }) => epoch < 1);
    expect((await all()).get('changing')).toMatchObject({ progress: { done: 1 } });
    for (const record of darts.records.slice(1)) folder.appendRecord(record);
    expect((await all()).get('changing')).toMatchObject({ sentence: 'being tested', progress: { done: 4, left: 0 } });
    if (darts.evaluation) folder.writeEvaluation(darts.evaluation);
    folder.close();
    expect((await all()).get('changing')).toMatchObject({ state: 'finished', sentence: null });
    const before = runs.since(0).revision;
    rmSync(dir, { recursive: true });
    expect((await all()).has('changing')).toBe(false);
    expect(runs.since(before).gone).toHaveLength(1);
  });

  it('has curves, classes from head to tail, schedules past and planned, alpha and cells of a run', async () => {
    const detail = z
      .object({
        columns: z.object({ epoch: z.array(z.number()), tail: z.array(z.number()) }),
        classes: z.array(z.object({ name: z.string(), group: z.string(), images: z.number() })),
        knobs: z.array(
          z.object({ name: z.string(), values: z.array(z.number()), planned: z.array(z.array(z.number())) }),
        ),
        alpha: z.array(
          z.object({
            title: z.string(),
            epochs: z.array(z.number()),
            edges: z.array(
              z.object({ name: z.string(), operations: z.array(z.string()), weights: z.array(z.array(z.number())) }),
            ),
          }),
        ),
        cells: z.array(z.object({ title: z.string(), version: z.string(), lines: z.array(z.string()) })),
      })
      .parse(await (await get(`/api/runs/${await idOf('live')}`)).json());
    expect(detail.columns.epoch).toEqual([1, 2]);
    expect(detail.classes.map(({ group }) => group).join(' ')).toMatch(/^(head ){3}(middle ){4}(tail ?){3}$/);
    expect(detail.classes[0]).toMatchObject({ name: 'plane', images: 4000 });
    const mixing = detail.knobs.find(({ name }) => name === 'mixing');
    expect(mixing?.planned).toHaveLength(6);
    // What was planned is what happened.
    expect(mixing?.planned[1]?.[1]).toBeCloseTo(mixing?.values[1] ?? -1, 9);
    expect(detail.alpha.map(({ title }) => title)).toContain('backbone, reduction cell');
    const [edge] = detail.alpha[0]?.edges ?? [];
    expect(edge).toMatchObject({ name: '0 ← c(k−2)' });
    expect(edge?.weights[1]?.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 2);
    expect(detail.cells[0]?.lines[0]).toBe('0 = sep_conv_3x3(c_k-2) + skip_connect(c_k-1)');
    const { version = '' } = detail.cells[0] ?? {};
    const path = `/api/runs/${await idOf('live')}/cells/${version}`;
    for (const width of ['wide', 'narrow']) {
      const svg = await get(`${path}/${width}`);
      expect([svg.status, svg.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
      expect(await svg.text()).toContain('backbone, normal cell');
    }
    expect((await get(`${path}/other`)).status).toBe(404);
    expect((await get(`/api/runs/${await idOf('live')}/columns`)).status).toBe(200);
    expect((await get(`/api/runs/${await idOf('unreadable')}`)).status).toBe(404);
  });

  it('still draws a cell that a page was told of when the next epoch has another', async () => {
    const folder = beginRun(join(base, 'moving'), hls, { epochs: 1 });
    const address = `/api/runs/${await idOf('moving')}`;
    const versions = async (): Promise<string[]> =>
      z
        .object({ cells: z.array(z.object({ version: z.string() })) })
        .parse(await (await get(address)).json())
        .cells.map(({ version }) => version);
    const before = await versions();
    const next = given(hls.records[1]);
    const pooled = (text: string): string => text.replaceAll(/"op":"\w+"/g, '"op":"max_pool_3x3"');
    folder.appendRecord({ ...next, genotype: genotypes.parse(JSON.parse(pooled(JSON.stringify(next.genotype)))) });
    await all();
    const after = await versions();
    expect(new Set([...before, ...after]).size).toBe(8);
    for (const version of [...before, ...after])
      expect((await get(`${address}/cells/${version}/wide`)).status).toBe(200);
    folder.close();
    rmSync(join(base, 'moving'), { recursive: true });
    await all();
  });

  it('tells all first, then what is new, on one stream', async () => {
    const response = await get('/api/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<{ runs: { name: string }[] }> => {
      const { value = '' } = (await reader?.read()) ?? {};
      expect(value).toMatch(/^event: news\n/);
      return z
        .object({ runs: z.array(z.object({ name: z.string() })) })
        .parse(JSON.parse(/^data: (.*)$/m.exec(value)?.[1] ?? ''));
    };
    const first = await next();
    expect(first.runs).toHaveLength(8);
    const [, , third] = hls.records;
    if (third !== undefined) live.appendRecord(third);
    const second = await next();
    expect(second.runs.map(({ name }) => name.split('/').at(-1))).toEqual(['live']);
    await reader?.cancel();
  });

  it('has so many streams at a time and no more; who leaves makes room', async () => {
    const open = [await get('/api/events'), await get('/api/events')];
    const refused = await get('/api/events');
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('At most 2 pages')]);
    await open[0]?.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await get('/api/events');
    expect(again.status).toBe(200);
    for (const one of [open[1], again]) await one?.body?.cancel();
  });

  it('serves its own files and nothing else', async () => {
    for (const path of ['/', '/style.css', '/page.js', '/charts.js', '/plot.js', '/d3.js']) {
      const response = await get(path);
      expect([path, response.status]).toEqual([path, 200]);
      const same = await get(path, { 'if-none-match': response.headers.get('etag') ?? '' });
      expect(same.status).toBe(304);
    }
    for (const path of [
      ...['/package.json', '/../package.json', '/%2e%2e/package.json', '/..%2f..%2fetc%2fpasswd', '//etc/passwd'],
      ...[
        '/page.ts',
        '/browser/page.js',
        '/api/runs/..%2f..',
        '/api/runs/__proto__',
        '/reports/..%2fdeeper',
        '/api/runs/',
      ],
      ...[`/api/runs/${'a'.repeat(10_000)}`, '/api/runs/%00', '/api/runs/%ff', '/api/runs/constructor/cells/x/wide'],
    ])
      expect([path, (await get(path)).status]).toEqual([path, 404]);
  });

  it('shows a report in a place of its own, without any right', async () => {
    const { reports } = runs.since(0).folders ?? { reports: [] };
    expect(reports.map(({ name }) => name.split('/').at(-1))).toEqual(['deeper']);
    const response = await get(`/reports/${reports[0]?.id}`);
    expect(await response.text()).toContain('parent.fetch');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/sandbox allow-scripts(;|$)/);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('connect-src');
  });
});

describe('who may ask', () => {
  it.each(['127.0.0.1:7007', 'localhost:7007', '[::1]:7007', 'LOCALHOST:7007'])('answers to %s', async (host) => {
    expect((await get('/', { host })).status).toBe(200);
  });

  it.each([
    ...[
      'evil.example',
      'evil.example:7007',
      '127.0.0.1',
      '127.0.0.1:80',
      '127.0.0.1:7007.evil.example',
      'localhost:70070',
    ],
    ...['127.0.0.1.nip.io:7007', '0.0.0.0:7007', 'localhost.:7007', '', '127.0.0.1:7007, evil.example'],
  ])('refuses the name “%s”, which may be of a stranger (DNS rebinding)', async (host) => {
    for (const path of ['/', '/api/runs', '/api/events', '/page.js', '/nothing'])
      expect([path, (await get(path, { host })).status]).toEqual([path, 403]);
  });

  it('answers to a name without HTTP’s own port, which browsers leave out, if that is its port', async () => {
    const at80 = watchApp(runs, { port: () => 80 });
    const status = async (host: string) => (await at80.request('http://localhost/', { headers: { host } })).status;
    expect(await Promise.all(['127.0.0.1', 'localhost:80', '127.0.0.1:7007', 'evil.example'].map(status))).toEqual([
      ...[200, 200, 403, 403],
    ]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'QUERY'])('refuses %s', async (method) => {
    const response = await get('/api/runs', {}, method);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('has strict headers on everything, and lets no other site read', async () => {
    for (const path of ['/', '/api/runs', '/nothing']) {
      const { headers } = await get(path, { origin: 'http://evil.example' });
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await get('/', {}, 'HEAD')).status).toBe(200);
    expect(await (await get('/', {}, 'HEAD')).text()).toBe('');
  });

  it('asks for the token where it has one: once in the address, then in a cookie', async () => {
    const guarded = watchApp(runs, { port: () => 7007, token: 'secret' });
    const ask = (path: string, headers: Record<string, string> = {}) =>
      guarded.request(`http://lab.example:7007${path}`, { headers: { host: 'lab.example:7007', ...headers } });
    for (const path of ['/', '/page.js', '/api/runs', '/api/events', '/?token=', '/?token=secre', '/?token=secrets'])
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
    const welcome = await ask('/?token=secret');
    expect([welcome.status, welcome.headers.get('location')]).toEqual([302, '/']);
    const cookie = welcome.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^tailnas-7007=secret; .*HttpOnly; SameSite=Strict$/);
    expect((await ask('/api/runs', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
    expect((await ask('/api/runs', { cookie: 'tailnas-7007=other' })).status).toBe(401);
  });
});
