import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFlags, findCompiler, nodeApiDir } from '../../src/engine/compiler.js';
import { nativeDir } from '../../src/engine/paths.js';
import { linkFlags } from '../../src/engine/platform.js';
import { readEngine } from '../../src/engine/record.js';
import { liveTensors } from '../../src/tensor/index.js';

/** Gives libtorch's meta device of this process the kernels that it has in Python alone. Takes a compiler a minute. */
export const loadMeta = (): void => {
  liveTensors(); // the engine first, and libtorch with it
  const engine = readEngine({ env: process.env, sourceDir: nativeDir() });
  if (engine === undefined) throw new Error('the engine must be built');
  const { dir } = engine.torch;
  const compiler = findCompiler(process.env);
  const folder = mkdtempSync(join(tmpdir(), 'tailnas-meta-'));
  try {
    const addon = join(folder, 'meta.node');
    const flags = compileFlags(compiler, { torchDir: dir, sourceDir: nativeDir(), nodeApiDir: nodeApiDir() });
    const source = fileURLToPath(new URL('meta.cc', import.meta.url));
    const words = [...compiler.args, ...flags, '-O0', source, '-o', addon, ...linkFlags(join(dir, 'lib'))];
    execFileSync(compiler.command, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    createRequire(import.meta.url)(addon);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
