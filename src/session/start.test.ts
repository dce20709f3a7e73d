import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { tinyDataset, tinyPlan } from '../../test/support/tiny.js';
import { openRun } from '../run/index.js';
import { libtorch, liveTensors } from '../tensor/index.js';
import { augmentText } from './data-texts.js';
import { resumeRun } from './resume.js';
import { startRun } from './start.js';

const root = mkdtempSync(join(tmpdir(), 'start-'));
afterAll(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(root, { recursive: true });
});

describe('a run', () => {
  it('says how its images are changed, or that they are not', () => {
    expect(augmentText('crop(4) + flip')).toBe('images to train on are changed by crop(4) + flip');
    expect(augmentText('none')).toBe(
      'images to train on are not changed, these data have no usual augmentation; --augment names one',
    );
  });

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

  it('is let go by whoever leaves it before it is carried out', async () => {
    const out = join(root, 'left');
    const [dataset, before] = [tinyDataset(), liveTensors()];
    for await (const _ of startRun({ plan: tinyPlan(), dataset, threads: 1, out })) break;
    expect([existsSync(out), liveTensors()]).toEqual([false, before]);
    const abort = new AbortController();
    for await (const { type } of startRun(
      { plan: tinyPlan(), dataset, threads: 1, out },
      { signal: abort.signal, forecast: false },
    ))
      if (type === 'step') abort.abort();
    for await (const { type } of resumeRun(out, { dataset })) {
      expect(type).toBe('forecast');
      break;
    }
    openRun(out, { write: true }).close();
    expect(liveTensors()).toBe(before);
  });
});
