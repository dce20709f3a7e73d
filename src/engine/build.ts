import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { lastLine, work } from './child.js';
import { anyCheckout, type Compiler, compileFlags, findCompiler, nodeApiDir } from './compiler.js';
import { EngineError } from './errors.js';
import { type Torch, torchStamp } from './libtorch.js';
import { cacheDir, type Env, nativeDir } from './paths.js';
import { linkFlags } from './platform.js';
import { ADDON, linkLibraries } from './prebuilt.js';
import type { OnProgress } from './progress.js';
import { isSound, sealAddon } from './sound.js';
import { readSources, shortHash } from './sources.js';
import { inTemporary, publish } from './temporary.js';

const ACTION = 'Cannot build the engine';

/** A file that includes libtorch takes about this much memory to compile, in bytes. */
const COMPILE_BYTES = 2 * 2 ** 30;

export interface BuildOptions {
  readonly sourceDir?: string;
  readonly env?: Env;
  readonly onProgress?: OnProgress;
}

/**
 * For the native addon built against `torch`: compiles all `.cc` files below `sourceDir` into the cache folder, or
 * finds them built and undamaged. Returns the path of the addon. Throws an EngineError that quotes the compiler and
 * says where its whole log is.
 */
export const buildAddon = async (
  torch: Torch,
  { sourceDir = nativeDir(), env = process.env, onProgress = () => {} }: BuildOptions = {},
): Promise<string> => {
  const sources = readSources(sourceDir);
  const compiler = findCompiler(env);
  const flags = compileFlags(compiler, { torchDir: torch.dir, sourceDir, nodeApiDir: nodeApiDir() });
  const link = linkFlags(join(torch.dir, 'lib'));
  const { command, args, version } = compiler;
  const hash = shortHash([
    ...[torch.dir, torch.version, torchStamp(torch.dir), sources.hash, process.platform, process.arch],
    ...[command, ...args, version, ...link, ...compileFlags(compiler, { torchDir: torch.dir, ...anyCheckout() })],
  ]);
  const cache = cacheDir(env);
  const folder = join(cache, `engine-${hash}`);
  const addon = join(folder, ADDON);
  if (isSound(addon)) return addon;

  const log = join(cache, `engine-${hash}.log`);
  await inTemporary(
    async (temporary) => {
      const objects = join(temporary, 'objects');
      const made = join(temporary, 'engine');
      await Promise.all([mkdir(objects), mkdir(made)]);
      const compiled = await compileAll(sources.files, { compiler, flags, sourceDir, objects, env, onProgress, log });
      onProgress({ text: 'linking the engine' });
      const linking = [...args, ...compiled, '-o', join(made, ADDON), ...link];
      const { output, failure } = await work(command, linking, { env, bound: true });
      if (failure) await reportFailure(output || failure, { what: `${command} could not link ${ADDON}`, log });
      linkLibraries(torch, made);
      sealAddon(join(made, ADDON));
      await publish(made, { folder, aside: join(temporary, 'broken'), complete: () => isSound(addon) });
    },
    { cache, action: ACTION },
  );
  return addon;
};

interface CompileOptions extends Required<BuildOptions> {
  readonly compiler: Compiler;
  readonly flags: readonly string[];
  readonly objects: string;
  readonly log: string;
}

/** Compiles several files at a time, as many as cores and memory allow; returns the object files. */
const compileAll = async (files: readonly string[], options: CompileOptions): Promise<string[]> => {
  const { compiler, flags, sourceDir, objects, env, onProgress, log } = options;
  // In the order of the files, not of their ends: link order is the order in which kernels register.
  const made = files.map((_, index) => join(objects, `${index}.o`));
  const waiting = [...files.entries()];
  let failed = false;

  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next && !failed; next = waiting.shift()) {
      const [index, file] = next;
      onProgress({ text: `compiling ${file} (${index + 1} of ${files.length})` });
      const args = [...compiler.args, ...flags, '-c', join(sourceDir, file), '-o', join(objects, `${index}.o`)];
      const { output, failure } = await work(compiler.command, args, { env, bound: true });
      if (failure) {
        failed = true;
        await reportFailure(output || failure, { what: `${compiler.command} failed on ${file}`, log });
      }
    }
  };

  const jobs = Math.min(files.length, availableParallelism(), Math.max(1, Math.floor(totalmem() / COMPILE_BYTES)));
  // Every worker must have ended before the folder of the objects is removed.
  const ends = await Promise.allSettled(Array.from({ length: jobs }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return made;
};

const reportFailure = async (output: string, { what, log }: { what: string; log: string }): Promise<never> => {
  await writeFile(log, output);
  const errors = output.split('\n').filter((line) => /error|undefined reference|No space left/i.test(line));
  const quoted = errors.length > 0 ? errors.slice(0, 4) : [lastLine(output)];
  throw new EngineError(`${ACTION}: ${what}; the whole log is ${log}\n${quoted.map((line) => `  ${line}`).join('\n')}`);
};
