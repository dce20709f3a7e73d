import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inTemporary, publish } from './temporary.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailnas-temporary-'));
});
afterEach(() => rmSync(root, { recursive: true }));

describe('inTemporary', () => {
  it('leaves nothing, also when the body fails, and explains a full disk', async () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    const body = async (folder: string) => {
      writeFileSync(join(folder, 'part'), 'x');
      throw full;
    };
    await expect(inTemporary(body, { cache: root, action: 'Cannot bake' })).rejects.toThrow(
      `Cannot bake: the disk of ${root} is full`,
    );
    expect(readdirSync(root)).toEqual([]);
  });

  it('removes what was abandoned a day ago, not what is in use or not temporary', async () => {
    const old = new Date(Date.now() - 2 * 86_400_000);
    for (const name of ['tmp-old', 'tmp-new', 'engine-old']) mkdirSync(join(root, name));
    for (const name of ['tmp-old', 'engine-old']) utimesSync(join(root, name), old, old);
    await inTemporary(async () => {}, { cache: root, action: 'Cannot sweep' });
    expect(readdirSync(root).sort()).toEqual(['engine-old', 'tmp-new']);
  });
});

describe('publish', () => {
  it('replaces a broken folder, and yields to a complete one', async () => {
    const folder = join(root, 'engine');
    const complete = () => existsSync(join(folder, 'whole'));
    mkdirSync(folder);
    for (const made of ['first', 'second']) {
      mkdirSync(join(root, made));
      writeFileSync(join(root, made, 'whole'), '');
      writeFileSync(join(root, made, made), '');
      await publish(join(root, made), { folder, aside: join(root, 'aside'), complete });
    }
    expect(readdirSync(folder).sort()).toEqual(['first', 'whole']);
  });

  it('reports what it could not do', async () => {
    const options = { folder: join(root, 'engine'), aside: join(root, 'aside'), complete: () => false };
    await expect(publish(join(root, 'absent'), options)).rejects.toThrow('ENOENT');
  });
});
