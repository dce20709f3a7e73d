import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cached, download } from './download.js';

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 253));
const md5 = createHash('md5').update(CONTENT).digest('hex');

let folder = '';
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'download-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await rm(folder, { recursive: true });
});

const serve = async (listener: RequestListener): Promise<string> => {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('the test server has no port');
  return `http://127.0.0.1:${address.port}/data.bin`;
};

/** Answers like a file server with Range; the first `cuts` answers break off half way. */
const ranged = (cuts: number, asked: (string | undefined)[] = []): RequestListener => {
  return (request, response) => {
    asked.push(request.headers.range);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= CONTENT.length) return void response.writeHead(416).end();
    const body = CONTENT.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': body.length });
    if (asked.length > cuts) return void response.end(body);
    response.write(body.subarray(0, body.length / 2), () => setTimeout(() => response.destroy(), 20));
  };
};

const file = () => join(folder, 'new', 'data.bin');
const holds = async (path: string) => CONTENT.equals(await readFile(path));
const fetchFile = (url: string) => download(url, file(), { md5, wait: 5 });

describe('download', () => {
  it('fetches a whole file, telling how far it is, and leaves no part behind', async () => {
    const steps: (number | undefined)[][] = [];
    const url = await serve(ranged(0));
    await download(url, file(), { md5, onProgress: ({ done, total }) => steps.push([done, total]) });
    expect(await holds(file())).toBe(true);
    expect(await readdir(join(folder, 'new'))).toEqual(['data.bin']);
    expect(steps.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
  });

  it('continues after cuts where it was', async () => {
    const asked: (string | undefined)[] = [];
    await fetchFile(await serve(ranged(2, asked)));
    expect(await holds(file())).toBe(true);
    expect(asked).toHaveLength(3);
    // A cut may lose what was on its way, so that less is there than was sent.
    const [first = 0, second = 0] = asked.slice(1).map((range) => Number(/\d+/.exec(range ?? '')?.[0]));
    expect([first > 0, first <= 150_000, second > first, second <= 225_000]).toEqual([true, true, true, true]);
  });

  it('continues from the part of an earlier call, and starts over where that part was wrong', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve(ranged(0, asked));
    const target = join(folder, 'data.bin');
    await writeFile(`${target}.part`, CONTENT.subarray(0, 1000));
    await download(url, target, { md5, wait: 5 });
    await rm(target);
    for (const wrong of [Buffer.alloc(1000), Buffer.alloc(400_000)]) {
      await writeFile(`${target}.part`, wrong);
      await download(url, target, { md5, wait: 5 });
      expect(await holds(target)).toBe(true);
    }
    expect(asked).toEqual(['bytes=1000-', 'bytes=1000-', undefined, 'bytes=400000-', undefined]);
  });

  it('starts over where the server knows no Range', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      if (requests++ > 0) return void response.end(CONTENT);
      response.write(CONTENT.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
    });
    await fetchFile(url);
    expect(await holds(file())).toBe(true);
    expect(requests).toBe(2);
  });

  it('refuses other bytes, without asking again or leaving them', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.end('something else');
    });
    await expect(fetchFile(url)).rejects.toThrow(`its MD5 must be ${md5}, got`);
    expect(requests).toBe(1);
    expect(await readdir(join(folder, 'new'))).toEqual([]);
  });

  it('gives up at once on 404, and after several attempts on 503', async () => {
    for (const [status, attempts] of [
      [404, 1],
      [503, 4],
    ] as const) {
      let requests = 0;
      const url = await serve((_, response) => {
        requests++;
        response.writeHead(status).end();
      });
      await expect(fetchFile(url)).rejects.toThrow(`Cannot download ${url}: the server answered ${status}`);
      expect(requests).toBe(attempts);
      server?.close();
    }
  });

  it('tells who is offline to give a path instead', async () => {
    const url = await serve(() => {});
    server?.close();
    await expect(fetchFile(url)).rejects.toThrow(/ECONNREFUSED.*give its path to --data/);
  });
});

describe('cached', () => {
  it('fetches once, and again what is damaged', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve(ranged(0, asked));
    const take = () => cached({ url, md5 }, { cacheDir: folder });
    for (let i = 0; i < 2; i++) expect(await holds(await take())).toBe(true);
    expect(asked.length).toBe(1);
    const damaged = Buffer.from(CONTENT);
    damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
    for (const wrong of [damaged, CONTENT.subarray(0, 1000), Buffer.alloc(0)]) {
      await writeFile(join(folder, 'data.bin'), wrong);
      expect(await holds(await take())).toBe(true);
    }
    expect(asked.length).toBe(4);
  });
});
