import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { ask } from './child.js';
import { findCompiler } from './compiler.js';
import { firstLine } from './errors.js';
import { TORCH_VERSION } from './libtorch.js';
import { locateTorch, pythonCommand } from './locate.js';
import { cacheDir, type Env, nativeDir } from './paths.js';
import { fittingPrebuilt, prebuiltDir, prebuiltPackage } from './prebuilt.js';
import { type RecordOptions, readEngine } from './record.js';

/** One thing that was looked at. `fix` says what to do about it, and is there only when something should be done. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix?: string;
}

export interface Diagnosis {
  readonly checks: readonly Check[];
}

const FIRST_NODE: readonly [major: number, minor: number] = [20, 9];
const GIB = 2 ** 30;
const SETUP = 'run `tailnas setup`';

/** For "why does it not run here": all that the engine depends on, looked at without loading it. Never throws. */
export const diagnose = ({ env = process.env, sourceDir = nativeDir() }: Partial<RecordOptions> = {}): Diagnosis => {
  const looks: readonly [name: string, look: () => Omit<Check, 'name'>][] = [
    ['node', node],
    ['compiler', () => compiler(env, sourceDir)],
    ['python', () => python(env)],
    ['libtorch', () => libtorch(env)],
    ['engine', () => engine(env, sourceDir)],
    ['processor', processor],
    ['memory', memory],
    ['cache', () => cache(env)],
  ];
  return { checks: looks.map(([name, look]) => ({ name, ...guarded(look) })) };
};

const guarded = (look: () => Omit<Check, 'name'>): Omit<Check, 'name'> => {
  try {
    return look();
  } catch (error) {
    return { ok: false, detail: firstLine(error) };
  }
};

const node = (): Omit<Check, 'name'> => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > FIRST_NODE[0] || (major === FIRST_NODE[0] && minor >= FIRST_NODE[1]);
  const detail = `${process.versions.node} (${process.platform} ${process.arch})`;
  return ok ? { ok, detail } : { ok, detail, fix: `install Node ${FIRST_NODE.join('.')} or later` };
};

/** Not needed where a prebuilt engine fits. */
const compiler = (env: Env, sourceDir: string): Omit<Check, 'name'> => {
  try {
    return { ok: true, detail: findCompiler(env).version };
  } catch (error) {
    const detail = firstLine(error);
    const fitting = fittingPrebuilt(TORCH_VERSION, { env, sourceDir, from: prebuiltDir() });
    if ('record' in fitting) return { ok: true, detail: `none (not needed: ${prebuiltPackage} is installed)` };
    return { ok: false, detail: `${detail}; no prebuilt engine: ${fitting.reason}` };
  }
};

/** Python is asked for its torch, and for one where no index can be read without it: never needed. */
const python = (env: Env): Omit<Check, 'name'> => {
  const command = pythonCommand(env);
  const version = ask(command, ['--version'], { env });
  const pip = ask(command, ['-m', 'pip', '--version'], { env });
  const failure = version.failure ?? pip.failure;
  const found = [version, pip].map(({ output, failure }) => failure ?? (output.split(' from ')[0] ?? '').trim());
  const detail = `${command}: ${[...new Set(found)].join(', ')}`;
  return { ok: true, detail: failure ? `${detail} (not needed: libtorch is fetched without it)` : detail };
};

const libtorch = (env: Env): Omit<Check, 'name'> => {
  const { found, tried } = locateTorch({ env });
  const looked = tried.map(({ where, result }) => `${where}: ${result}`).join('; ');
  return found ? { ok: true, detail: looked } : { ok: false, detail: looked, fix: `${SETUP}, which fetches it` };
};

const engine = (env: Env, sourceDir: string): Omit<Check, 'name'> => {
  const ready = readEngine({ env, sourceDir });
  if (!ready) return { ok: false, detail: 'not built for these sources and settings', fix: SETUP };
  const hours = (Date.now() - statSync(ready.addon).mtimeMs) / 3_600_000;
  const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${Math.floor(hours / 24)} days`;
  return {
    ok: true,
    detail: `${ready.addon}, made ${age} ago for libtorch ${ready.torch.version} in ${ready.torch.dir}`,
  };
};

const processor = (): Omit<Check, 'name'> => {
  const name = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads`;
  if (process.arch !== 'x64') return { ok: true, detail: `${name}, ${process.arch}` };
  const has = instructionSets();
  if (has === undefined) return { ok: true, detail: name };
  const detail = `${name}, ${has.join(' ') || 'neither AVX2 nor AVX-512'}`;
  return has.includes('avx2') ? { ok: true, detail } : { ok: true, detail, fix: 'use a machine with AVX2 if you can' };
};

const instructionSets = (): string[] | undefined => {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(/\s+/);
    return flags && ['avx2', 'fma', 'avx512f', 'avx512_bf16', 'amx_bf16'].filter((flag) => flags.includes(flag));
  } catch {
    return undefined;
  }
};

const memory = (): Omit<Check, 'name'> => {
  const detail = `${(totalmem() / GIB).toFixed(1)} GiB, ${(freemem() / GIB).toFixed(1)} GiB free`;
  return totalmem() >= 4 * GIB ? { ok: true, detail } : { ok: false, detail, fix: 'a search needs about 4 GiB' };
};

const cache = (env: Env): Omit<Check, 'name'> => {
  const folder = cacheDir(env);
  const entries = statSync(folder, { throwIfNoEntry: false })
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
    : [];
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const bytes = files.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  return { ok: true, detail: `${folder}, ${(bytes / GIB).toFixed(2)} GiB` };
};
