import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonCommand } from '../../src/engine/locate.js';
import { cacheDir } from '../../src/engine/paths.js';

/** Programs of others that read what we write, as their packages are called. */
const PYTHON = [
  'onnx>=1.18',
  'onnxruntime>=1.20',
  'safetensors>=0.4',
  'numpy>=1.26',
  'pillow>=10',
  'tensorboard>=2.18',
];
const NODE = ['@huggingface/transformers@4.3.1'];
/** What looks at our package, each in a Node of its own: the packages of Node's binaries need no script. */
const TOOLS = ['publint@0.3.25', '@arethetypeswrong/cli@0.18.5'];
/** Major versions of Node that the package is tried under. */
export const nodeVersions = [20, 22, 24] as const;

const key = createHash('sha256')
  .update(JSON.stringify([PYTHON, NODE, TOOLS, nodeVersions, process.version.split('.')[0]]))
  .digest('hex')
  .slice(0, 12);
const folder = join(cacheDir(process.env), `peers-${key}`);
const ready = join(folder, 'ready');

/** A Python that has the readers, and a folder whose node_modules have transformers.js. */
export const peers = {
  python: join(folder, 'python', 'bin', 'python'),
  modules: join(folder, 'node'),
  tools: join(folder, 'tools'),
};

/** The binary of a major version of Node. */
export const nodeBinary = (major: number): string => join(peers.tools, 'node_modules', `node-${major}`, 'bin', 'node');

const run = promisify(execFile);

const work = async (what: string, command: string, args: readonly string[], cwd: string): Promise<void> => {
  try {
    await run(command, [...args], { cwd, timeout: 600_000 });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const reason = said.split('\n').slice(-8).join('\n') || String(error);
    throw new Error(
      `Cannot test with the real readers: ${what}. They are part of the tests, which fail without them. Check that ` +
        `pip and npm reach an index, or point TAILNAS_PYTHON to a Python with venv.\n${reason}`,
    );
  }
};

const forPython = async (): Promise<void> => {
  const python = pythonCommand(process.env);
  await work('no Python environment can be made', python, ['-m', 'venv', join(folder, 'python')], folder);
  const pip = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '--disable-pip-version-check', ...PYTHON];
  await work(`pip cannot install ${PYTHON.join(', ')}`, peers.python, pip, folder);
};

const forNode = async (modules: string, packages: readonly string[]): Promise<void> => {
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(modules, 'package.json'), '{ "private": true, "type": "module" }');
  // Without scripts: that of onnxruntime-node fetches libraries for graphics cards, which nobody needs here.
  const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', ...packages];
  await work(`npm cannot install ${packages.join(', ')}`, 'npm', npm, modules);
};

/** Installs them once a machine, beside the engine. Throws, loudly, where it cannot: nothing is skipped. */
export default async function setup(): Promise<void> {
  if (existsSync(ready)) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const binaries = nodeVersions.map((v) => `node-${v}@npm:node-${process.platform}-${process.arch}@${v}`);
  await Promise.all([forPython(), forNode(peers.modules, NODE), forNode(peers.tools, [...TOOLS, ...binaries])]);
  writeFileSync(ready, '');
}
