import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The room `run` as JavaScript in a folder of its own, with scripts beside it that import from `./index.js`. */
export interface RunRoom {
  /** The path of a script. */
  script(name: string): string;
  dispose(): void;
}

/** Compiles `src/run` for child processes: plain node cannot run TypeScript everywhere yet. */
export const runRoom = (scripts: Readonly<Record<string, string>>): RunRoom => {
  const folder = mkdtempSync(join(tmpdir(), 'tailnas-children-'));
  const put = (name: string, source: string): void => {
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    writeFileSync(join(folder, name), ts.transpileModule(source, { compilerOptions: options }).outputText);
  };
  const room = join(root, 'src/run');
  for (const name of readdirSync(room).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')))
    put(name.replace(/\.ts$/, '.js'), readFileSync(join(room, name), 'utf8'));
  for (const [name, source] of Object.entries(scripts)) put(name, source);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { script: (name) => join(folder, name), dispose: () => rmSync(folder, { recursive: true }) };
};

/** A file of test/support as a script for such a room. */
export const supportScript = (name: string): string =>
  readFileSync(join(root, 'test/support', name), 'utf8').replaceAll('../../src/run/', './');
