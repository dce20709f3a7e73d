import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import bundled from '@sparticuz/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';
import { z } from 'zod';

/** What the package turns off of what guards one site from another. */
const UNGUARDED = ['--disable-web-security', '--disable-site-isolation-trials', '--allow-running-insecure-content'];

/** A browser of the machine in `CHROMIUM`, or the one that the package brings, which runs as one process only where it must. */
export const launch = async ({ guarded = false }: { guarded?: boolean } = {}): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? (await bundled.executablePath()),
    args: bundled.args.filter((flag) => flag !== '--single-process' && !(guarded && UNGUARDED.includes(flag))),
  });

const axe = z.array(
  z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) }),
);
const require = createRequire(import.meta.url);

/** What axe-core finds on a page that is serious or critical, each with the first piece of markup. */
export const seriousFaults = async (page: Page): Promise<string[]> => {
  await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
  const found = axe.parse(await page.evaluate('axe.run().then(({ violations }) => violations)'));
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** The plainest static host: it knows few kinds of files and sends no header of its own. */
export const serve = async (folder: string): Promise<{ url: string; close: () => void }> => {
  const server = createServer((request, response) => {
    const file = join(folder, request.url === '/' ? 'index.html' : decodeURIComponent(request.url ?? ''));
    if (!existsSync(file)) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        .end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => void server.close() };
};
