import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8 } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wheelOf } from '../../test/support/wheel.js';
import { fetchTorch } from './fetch.js';
import { managedTorchDir } from './locate.js';
import { libraryFile } from './platform.js';

const ARCH = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const NAME =
  process.platform === 'darwin'
    ? `torch-2.13.0-cp311-none-macosx_11_0_${process.arch === 'arm64' ? 'arm64' : 'x86_64'}.whl`
    : `torch-2.13.0+cpu-cp311-cp311-manylinux_2_17_${ARCH}.whl`;

/** 400 kB that do not compress, so that a download can be cut in the middle. */
const library = Buffer.concat(Array.from({ length: 12_500 }, (_, i) => createHash('sha256').update(`${i}`).digest()));
const WHEEL = Buffer.from(
  wheelOf({
    ...Object.fromEntries(['c10', 'torch', 'torch_cpu'].map((name) => [`torch/lib/${libraryFile(name)}`, library])),
    'torch/include/ATen/ATen.h': strToU8('// header\n'),
    'torch/version.py': strToU8("__version__ = '2.13.0+cpu'\ncuda = None\n"),
  }),
);
const SHA256 = createHash('sha256').update(WHEEL).digest('hex');

let root = '';
let server: Server | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailnas-fetch-'));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(root, { recursive: true });
});

interface Serving {
  /** The page of torch: its type and text. */
  readonly page: () => [type: string, text: string];
  /** Bytes after which each of the first answers breaks off. */
  readonly cuts?: readonly number[];
  readonly ranges?: boolean;
  readonly wheel?: Buffer;
  /** `name:password` that all requests must bring. */
  readonly password?: string;
}

interface Asked {
  readonly path: string;
  readonly range: string | undefined;
}

/** An index with one package, as the address to give for it, and what it was asked. */
const serve = async (serving: Serving): Promise<{ index: string; asked: Asked[] }> => {
  const { page, cuts = [], ranges = true, wheel = WHEEL, password } = serving;
  const asked: Asked[] = [];
  const sendWheel = (request: IncomingMessage, response: ServerResponse) => {
    const { range } = request.headers;
    const start = ranges ? Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0) : 0;
    const body = wheel.subarray(start);
    const cut = cuts[asked.filter(({ path }) => path.endsWith('.whl')).length - 1];
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': body.length });
    if (cut === undefined) return void response.end(body);
    response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 30));
  };
  const started = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    asked.push({ path, range: request.headers.range });
    const given = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    if (password !== undefined && given !== password) return void response.writeHead(401).end();
    if (path.endsWith('.whl')) return sendWheel(request, response);
    if (path !== '/simple/torch/') return void response.writeHead(404).end();
    const [type, text] = page();
    response.writeHead(200, { 'content-type': type }).end(text);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const address = started.address();
  if (address === null || typeof address === 'string') throw new Error('the test server has no port');
  return { index: `http://127.0.0.1:${address.port}/simple`, asked };
};

const html = (hash: string | undefined = SHA256) => {
  const fragment = hash === '' ? '' : `#sha256=${hash}`;
  const others = ['torch-2.12.0+cpu-cp311-cp311-manylinux_2_17_x86_64.whl', 'torch-2.13.0.tar.gz'];
  const lines = [NAME, ...others].map(
    (name) =>
      `<a href="../../files/${encodeURIComponent(name)}${fragment}" data-requires-python="&gt;=3.10">${name}</a>`,
  );
  return (): [string, string] => ['text/html', `<!DOCTYPE html><html><body>\n${lines.join('<br>\n')}</body></html>`];
};

/** No Python, no settings of pip: what is fetched comes from `index`. */
const machine = (index: string) => ({
  ...{ PATH: root, HOME: root, TAILNAS_CACHE: join(root, 'cache'), TAILNAS_TORCH_INDEX: index },
  ...{ PIP_CONFIG_FILE: '/dev/null', PIP_NO_INDEX: '1' },
});

const fetchFrom = async (index: string, env: Readonly<Record<string, string>> = {}) => {
  const percents: number[] = [];
  const own = { ...machine(index), ...env };
  const torch = await fetchTorch({
    env: own,
    onProgress: ({ percent }) => percent !== undefined && percents.push(percent),
  });
  expect(torch).toEqual({ dir: managedTorchDir(own), version: '2.13.0+cpu', origin: 'managed' });
  expect(readFileSync(join(torch.dir, 'lib', libraryFile('torch_cpu'))).equals(library)).toBe(true);
  expect(percents.at(-1)).toBe(100);
};

const failureFrom = async (index: string, env: Readonly<Record<string, string>> = {}): Promise<string> => {
  const error: unknown = await fetchTorch({ env: { ...machine(index), ...env }, onProgress: () => {} }).catch(
    (e: unknown) => e,
  );
  expect(existsSync(managedTorchDir(machine(index)))).toBe(false);
  return error instanceof Error ? error.message : '';
};

const wheelRanges = (asked: readonly Asked[]) =>
  asked.filter(({ path }) => path.endsWith('.whl')).map(({ range }) => range);

const parts = () => readdirSync(join(root, 'cache')).filter((name) => name.startsWith('tmp-'));

describe('fetching libtorch without pip', () => {
  it('takes the wheel of this machine from a page of anchors, and leaves nothing else', async () => {
    const { index, asked } = await serve({ page: html() });
    await fetchFrom(index);
    expect(asked.map(({ path }) => path)).toEqual(['/simple/torch/', `/files/${NAME}`]);
    expect(readdirSync(join(root, 'cache'))).toEqual(['libtorch-2.13.0']);
  });

  it('takes it from a page of JSON, and passes over what was withdrawn', async () => {
    const file = { url: `/files/${NAME}`, filename: NAME, hashes: { sha256: SHA256 } };
    const withdrawn = { ...file, url: `/withdrawn/${NAME}`, yanked: 'broken' };
    const page = (): [string, string] => [
      'application/vnd.pypi.simple.v1+json',
      JSON.stringify({ meta: { 'api-version': '1.0' }, files: [withdrawn, file] }),
    ];
    const { index, asked } = await serve({ page });
    await fetchFrom(`${index}/`);
    expect(asked.at(-1)?.path).toBe(`/files/${NAME}`);
  });

  it('continues in the middle when the connection breaks', async () => {
    const { index, asked } = await serve({ page: html(), cuts: [100_000] });
    await fetchFrom(index);
    expect(wheelRanges(asked)).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('continues what an earlier process left behind', async () => {
    const left = join(root, 'cache', `tmp-part-${SHA256.slice(0, 16)}-${hostname()}-${2 ** 30}`);
    mkdirSync(join(root, 'cache'));
    writeFileSync(left, WHEEL.subarray(0, 5000));
    const { index, asked } = await serve({ page: html() });
    await fetchFrom(index);
    expect(wheelRanges(asked)).toEqual(['bytes=5000-']);
    expect(parts()).toEqual([]);
  });

  it('begins anew where the server has no Range', async () => {
    const { index, asked } = await serve({ page: html(), cuts: [100_000], ranges: false });
    await fetchFrom(index);
    expect(wheelRanges(asked)).toHaveLength(2);
  });

  it('keeps a part that may be continued when it gives up', async () => {
    const { index } = await serve({ page: html(), cuts: [50_000, 1, 1, 1] });
    expect(await failureFrom(index)).toContain('no torch 2.13.0 could be downloaded (');
    expect(parts()).toEqual([`tmp-part-${SHA256.slice(0, 16)}-${hostname()}-${process.pid}`]);
  }, 30_000);

  it('refuses other bytes than the index says, and a page that says none', async () => {
    const wheel = Buffer.from(WHEEL);
    wheel[1000] = (wheel[1000] ?? 0) ^ 1;
    const other = await serve({ page: html(), wheel });
    const message = await failureFrom(other.index);
    expect(message).toContain(`its SHA-256 must be ${SHA256}, got `);
    expect(message).toContain('pip from http://127.0.0.1:');
    expect(message).toMatch(
      /: python3 was not found\); check the network, set TAILNAS_TORCH_INDEX to .*, or set LIBTORCH/,
    );
    expect(parts()).toEqual([]);
    server?.close();
    const silent = await serve({ page: html('') });
    expect(await failureFrom(silent.index)).toContain(`it gives no SHA-256 for ${NAME}`);
    expect(wheelRanges(silent.asked)).toEqual([]);
  });

  it('gives a password that is in the address, and never shows it', async () => {
    const { index } = await serve({ page: html(), password: 'user:secret' });
    expect(await failureFrom(index)).toContain('the server answered 401');
    expect(await failureFrom(index.replace('//', '//user:wrong@'))).not.toContain('wrong');
    await fetchFrom(index.replace('//', '//user:secret@'));
  });

  it('goes on to what pip is configured with: files, and a folder of wheels', async () => {
    const { index } = await serve({ page: html() });
    const settings = join(root, 'pip.conf');
    const nowhere = 'http://127.0.0.1:9/simple';
    writeFileSync(
      settings,
      `[global]\nindex-url = ${nowhere}\n# mirror\nextra-index-url =\n  ${nowhere}\n  ${index}\n`,
    );
    const configured = { PIP_CONFIG_FILE: settings, PIP_NO_INDEX: '0', XDG_CONFIG_DIRS: root };
    await fetchFrom(nowhere, configured);
    rmSync(join(root, 'cache'), { recursive: true });
    const folder = join(root, 'wheels');
    mkdirSync(folder);
    writeFileSync(join(folder, NAME), WHEEL);
    await fetchFrom('', { PIP_FIND_LINKS: folder });
    expect(existsSync(join(folder, NAME))).toBe(true);
  });
});
