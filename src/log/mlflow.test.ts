import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeRun } from '../../test/support/fake-runs.js';
import { logToMlflow, type MlflowOptions, momentsOf } from './index.js';

const run = fakeRun({ name: 'hls', label: 'HLS', seed: 1, epochs: 20, bilateral: true });

const metric = z.object({ key: z.string(), value: z.number(), timestamp: z.int(), step: z.int() });
const batch = z.object({
  run_id: z.string(),
  metrics: z.array(metric).optional(),
  params: z.array(z.object({ key: z.string(), value: z.string() })).optional(),
});
const creation = z.object({ run_name: z.string(), tags: z.array(z.object({ key: z.string(), value: z.string() })) });

interface Fake {
  readonly url: string;
  readonly points: Map<string, number>;
  readonly params: Map<string, string>;
  readonly batches: number[];
  readonly runs: { tags: string; name: string }[];
  readonly status: string[];
  readonly seen: (string | undefined)[];
  close(): void;
}

/** As much of MLflow as there is in our calls: it refuses what MLflow refuses. */
const fake = async ({ refuse }: { refuse?: { status: number; text: string } } = {}): Promise<Fake> => {
  const [points, params] = [new Map<string, number>(), new Map<string, string>()];
  const [batches, status]: [number[], string[]] = [[], []];
  const runs: { tags: string; name: string }[] = [];
  const seen: (string | undefined)[] = [];
  let experiment: string | undefined;
  const answer = (path: string, text: string): [number, unknown] => {
    const body: unknown = text === '' ? {} : JSON.parse(text);
    if (path.startsWith('experiments/get-by-name'))
      return experiment === undefined
        ? [404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such experiment' }]
        : [200, { experiment: { experiment_id: experiment, lifecycle_stage: 'active' } }];
    if (path === 'experiments/create') {
      experiment = '7';
      return [200, { experiment_id: experiment }];
    }
    if (path === 'runs/search') {
      const { filter } = z.object({ filter: z.string() }).parse(body);
      const [, wanted = ''] = /^tags\.`tailnas\.run` = '([0-9a-f]+)'$/.exec(filter) ?? [];
      const found = runs.findIndex(({ tags }) => tags === wanted);
      return [200, found < 0 ? {} : { runs: [{ info: { run_id: `run${found}` } }] }];
    }
    if (path === 'runs/create') {
      const { tags, run_name: name } = creation.parse(body);
      runs.push({ tags: tags.find(({ key }) => key === 'tailnas.run')?.value ?? '', name });
      return [200, { run: { info: { run_id: `run${runs.length - 1}` } } }];
    }
    if (path === 'runs/update') {
      status.push(z.object({ status: z.string() }).parse(body).status);
      return [200, {}];
    }
    const { run_id: of, metrics = [], params: given = [] } = batch.parse(body);
    batches.push(metrics.length);
    if (metrics.length > 1000 || given.length > 100)
      return [400, { error_code: 'INVALID_PARAMETER_VALUE', message: 'too many' }];
    for (const { key, step, timestamp, value } of metrics) {
      if (!/^[\w\-. :/]+$/.test(key) || /(^|\/)\.{0,2}(\/|$)/.test(key))
        return [400, { error_code: 'INVALID_PARAMETER_VALUE', message: `bad key ${key}` }];
      points.set([key, step, timestamp, of].join(), value);
    }
    for (const { key, value } of given) {
      const known = params.get(`${of} ${key}`);
      if (known !== undefined && known !== value) return [400, { error_code: 'INVALID_PARAMETER_VALUE' }];
      params.set(`${of} ${key}`, value);
    }
    return [200, {}];
  };
  const server = createServer((request, response) => {
    let text = '';
    seen.push(request.headers.authorization);
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      const path = (request.url ?? '').replace('/api/2.0/mlflow/', '');
      const [code, value] = refuse === undefined ? answer(path, text) : [refuse.status, refuse.text];
      response.writeHead(code).end(typeof value === 'string' ? value : JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: string | AddressInfo | null = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const close = (): void => void server.close();
  return { url: `http://127.0.0.1:${port}`, points, params, batches, runs, status, seen, close };
};

let server: Fake | undefined;
afterEach(() => server?.close());
const send = (of: typeof run, options: Partial<MlflowOptions> = {}) =>
  logToMlflow(of, { url: server?.url ?? '', experiment: 'birds', name: 'hls-1', env: {}, ...options });

describe('a run sent to MLflow', () => {
  it('has every scalar once, in calls of 1,000 at most, however often it is sent', async () => {
    server = await fake();
    const first = await send(run);
    const all = momentsOf(run).flatMap(({ scalars }) => scalars).length;
    expect(first).toEqual({ runId: 'run0', metrics: all });
    expect(server.points.size).toBe(all);
    expect(Math.max(...server.batches)).toBe(1000);
    expect(server.params.get('run0 channels')).toBe('16');
    expect(await send(run)).toEqual(first);
    expect(server.points.size).toBe(all);
    expect(server.runs).toEqual([{ name: 'hls-1', tags: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
    expect(server.status).toEqual(['FINISHED', 'FINISHED']);
  });

  it('under way is found again when it has gone on; another seed is another run', async () => {
    server = await fake();
    await send({ ...run, records: run.records.slice(0, 2), evaluation: undefined });
    await send(run);
    await send({ ...run, info: { ...run.info, seed: 2 } });
    expect(server.runs).toHaveLength(2);
    expect(server.status).toEqual(['RUNNING', 'FINISHED', 'FINISHED']);
  });

  it('keeps classes apart whose names MLflow forbids', async () => {
    server = await fake();
    const classes = ['a/b', 'a_b', '..', '日本', '本日', '<b>', '', 'x'.repeat(400), `${'x'.repeat(399)}y`, 'plain'];
    await send({ ...run, info: { ...run.info, data: { ...run.info.data, classes } } });
    const keys = [...server.points.keys()].flatMap((key) => /^test class\/[^,]*/.exec(key)?.[0] ?? []);
    expect(new Set(keys).size).toBe(10);
    expect(keys).toContain('test class/0 a_b');
    expect(keys).toContain('test class/9 plain');
  });

  it('says who asks, as its own client does', async () => {
    server = await fake();
    await send(run, { env: { MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'secret' } });
    expect(new Set(server.seen)).toEqual(new Set([`Basic ${Buffer.from('ann:secret').toString('base64')}`]));
    server.seen.length = 0;
    await send(run, { env: { MLFLOW_TRACKING_TOKEN: 'token' } });
    expect(new Set(server.seen)).toEqual(new Set(['Bearer token']));
  });

  it.each([
    [{ status: 401, text: 'who?' }, /get-by-name was answered with 401; set MLFLOW_TRACKING_USERNAME/],
    [{ status: 500, text: '{"error_code":"INTERNAL_ERROR","message":"disk"}' }, /500 INTERNAL_ERROR: disk; check/],
    [{ status: 200, text: '<html>' }, /answered with what is not from MLflow; check the address/],
  ])('says what is wrong where the answer is %j', async (refuse, message) => {
    server = await fake({ refuse });
    await expect(send(run)).rejects.toThrow(message);
    await expect(send(run)).rejects.toThrow(server.url);
  });

  it('says so where nobody answers', async () => {
    server = await fake();
    const { url } = server;
    server.close();
    await expect(send(run, { url })).rejects.toThrow(/failed \(.*ECONNREFUSED.*\); check that the server runs there/);
  });
});
