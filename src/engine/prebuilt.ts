import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EngineError, firstLine } from './errors.js';
import { TORCH_NEEDED, type Torch, torchStamp } from './libtorch.js';
import { cacheDir, type Env, packageRoot } from './paths.js';
import { isSound, sealAddon } from './sound.js';
import { readSources, shortHash } from './sources.js';
import { inTemporary, publish } from './temporary.js';
import { atLeast, glibcVersion } from './wheel-choice.js';

export const ADDON = 'tailnas.node';

/** What a package of a prebuilt addon says of it, in its `engine.json`. */
export interface Prebuilt {
  /** The libtorch that it was compiled for, as 2.13.x: any patch release will do. */
  readonly torch: string;
  /** Of the folder of the C++ sources, as in `Sources`. */
  readonly sources: string;
  /** Of the addon, in hex. */
  readonly sha256: string;
  /** The oldest C library that has all that it needs; absent on macOS. */
  readonly glibc?: string;
}

/** The package that has the addon for this platform. */
export const prebuiltPackage = `@tailnas/engine-${process.platform}-${process.arch}`;

/** The folder of the installed package, or undefined. */
export const prebuiltDir = (): string | undefined => {
  try {
    return dirname(createRequire(join(packageRoot(), 'package.json')).resolve(`${prebuiltPackage}/engine.json`));
  } catch {
    return undefined;
  }
};

const isPrebuilt = (value: unknown): value is Prebuilt => {
  if (typeof value !== 'object' || value === null) return false;
  const { torch, sources, sha256, glibc }: Partial<Record<keyof Prebuilt, unknown>> = value;
  const texts = [torch, sources, sha256].every((text) => typeof text === 'string');
  return texts && (glibc === undefined || typeof glibc === 'string');
};

/** Why an addon cannot be used here, as a phrase that follows "it"; undefined when it can. */
export const prebuiltFault = (
  { torch, sources, glibc }: Prebuilt,
  here: { torch: string; sources: string; glibc: string | undefined },
): string | undefined => {
  if (sources !== here.sources) return 'was built from the sources of another version of tailnas';
  if (!here.torch.startsWith(torch.replace('x', ''))) return `was built for libtorch ${torch}, this is ${here.torch}`;
  if (glibc === undefined || (here.glibc !== undefined && atLeast(here.glibc, glibc))) return undefined;
  return `needs glibc ${glibc}, this is ${here.glibc ?? 'another C library'}`;
};

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

export interface PrebuiltOptions {
  readonly env: Env;
  readonly sourceDir: string;
  /** The folder of the package; undefined where none is installed. */
  readonly from: string | undefined;
}

/** Where libraries of libtorch are looked for: beside the addon, so that one file serves every machine. */
export const linkLibraries = (torch: Torch, folder: string): void =>
  symlinkSync(join(torch.dir, 'lib'), join(folder, 'lib'));

/** The record of the package in `from` where it fits, or why it does not, as a phrase. */
export const fittingPrebuilt = (
  torchVersion: string,
  { env, sourceDir, from }: PrebuiltOptions,
): { record: Prebuilt; from: string } | { reason: string } => {
  if (from === undefined) return { reason: `${prebuiltPackage} is not installed` };
  if (env['CXX']) return { reason: 'CXX is set' };
  let record: unknown;
  try {
    record = JSON.parse(readFileSync(join(from, 'engine.json'), 'utf8'));
  } catch (error) {
    return { reason: `${prebuiltPackage} cannot be read (${firstLine(error)})` };
  }
  if (!isPrebuilt(record)) return { reason: `${prebuiltPackage} does not say what it was built for` };
  const here = { torch: torchVersion, sources: readSources(sourceDir).hash, glibc: glibcVersion() };
  const fault = prebuiltFault(record, here);
  return fault ? { reason: `${prebuiltPackage} ${fault}` } : { record, from };
};

/**
 * For a machine without a compiler: a copy of the prebuilt addon in the cache folder, beside a link to `torch`. Returns
 * its path, or why there is none, as a phrase. `CXX` asks for one that is built here. Throws an EngineError where the
 * package is damaged or the cache cannot be written.
 */
export const placePrebuilt = async (
  torch: Torch,
  options: PrebuiltOptions,
): Promise<{ addon: string } | { reason: string }> => {
  const fitting = fittingPrebuilt(torch.version, options);
  if ('reason' in fitting) return fitting;
  const { record, from } = fitting;
  const { sha256 } = record;
  const cache = cacheDir(options.env);
  const folder = join(cache, `engine-${shortHash([prebuiltPackage, sha256, torch.dir, torchStamp(torch.dir)])}`);
  const addon = join(folder, ADDON);
  if (isSound(addon)) return { addon };
  await inTemporary(
    async (temporary) => {
      const made = join(temporary, 'engine');
      mkdirSync(made);
      copyFileSync(join(from, ADDON), join(made, ADDON));
      if (hashOf(join(made, ADDON)) !== sha256)
        throw new EngineError(
          `Cannot use the prebuilt engine: ${join(from, ADDON)} must have SHA-256 ${sha256}, ` +
            `got ${hashOf(join(made, ADDON))}; install ${prebuiltPackage} (for libtorch ${TORCH_NEEDED}) again`,
        );
      linkLibraries(torch, made);
      sealAddon(join(made, ADDON));
      await publish(made, { folder, aside: join(temporary, 'broken'), complete: () => isSound(addon) });
    },
    { cache, action: 'Cannot use the prebuilt engine' },
  );
  return { addon };
};
