import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { tinyPlan } from '../../test/support/tiny.js';
import { libtorch } from '../tensor/index.js';
import { startRun } from './start.js';

const root = mkdtempSync(join(tmpdir(), 'start-'));
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(root, { recursive: true });
});

describe('a run', () => {
  it('is refused for a device that is not here before anything is downloaded', async ({ skip }) => {
    if (libtorch().cuda) skip();
    vi.stubEnv('TAILNAS_CACHE', root); // without the archive
    const fetched = vi.fn(async () => new Response('', { status: 404 }));
    vi.stubGlobal('fetch', fetched);
    const request = { plan: tinyPlan(), data: { spec: 'cifar10' }, threads: 1, out: join(root, 'run') };
    await expect(startRun({ ...request, device: 'cuda' }).next()).rejects.toThrow('Cannot use device "cuda"');
    expect(fetched).not.toHaveBeenCalled();
    await expect(startRun({ ...request, device: 'cpu' }).next()).rejects.toThrow('the server answered 404');
    expect(fetched).toHaveBeenCalledOnce();
  });
});
