import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** How a process ended, and all that it said. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process under way. */
export interface Running {
  readonly exit: Promise<Exit>;
  /** Resolves once stderr holds `text`, or the process has ended. */
  said(text: string): Promise<void>;
  /** Resolves to all of stdout once that holds `text`, or the process has ended. */
  printed(text: string): Promise<string>;
  readonly pid: number;
  send(signal: NodeJS.Signals): void;
  /** Stops reading what it prints, as `head` does. */
  hangUp(): void;
}

interface StartOptions {
  /** What stands on stdin. */
  readonly input?: string | Uint8Array;
  /** What is added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The command line, built into a folder of its own. `folder` is for the test's files, and where commands run. */
export interface Cli {
  readonly folder: string;
  /** The script that is the command. */
  readonly main: string;
  start(args: readonly string[], options?: StartOptions): Running;
  run(args: readonly string[], options?: StartOptions): Promise<Exit>;
  dispose(): void;
}

const follow = (child: ChildProcess): Running => {
  const texts = { stdout: '', stderr: '' };
  let ended = false;
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const exit = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      ended = true;
      resolve({ code, signal, ...texts });
    });
  });
  return {
    exit,
    said: async (text) => {
      while (!ended && !texts.stderr.includes(text)) await setTimeout(5);
    },
    printed: async (text) => {
      while (!ended && !texts.stdout.includes(text)) await setTimeout(5);
      return texts.stdout;
    },
    pid: child.pid ?? -1,
    send: (signal) => void child.kill(signal),
    hangUp: () => {
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    },
  };
};

/** For tests of the command as a user runs it: builds it, apart from dist/, so that no build of someone else changes under the test. */
export const buildCli = async (): Promise<Cli> => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const app = mkdtempSync(join(tmpdir(), 'tailnas-cli-'));
  const folder = mkdtempSync(join(tmpdir(), 'tailnas-runs-'));
  copyFileSync(join(root, 'package.json'), join(app, 'package.json'));
  for (const name of ['node_modules', 'native']) symlinkSync(join(root, name), join(app, name));
  const children = new Set<ChildProcess>();
  const node = (args: readonly string[], cwd: string, { input, env }: StartOptions = {}): Running => {
    const stdin = input === undefined ? 'ignore' : 'pipe';
    const child: ChildProcess = spawn(process.execPath, args, {
      ...{ cwd, stdio: [stdin, 'pipe', 'pipe'] },
      env: { ...process.env, ...env },
    });
    child.stdin?.end(input);
    children.add(child);
    child.on('close', () => children.delete(child));
    return follow(child);
  };
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const built = await node(
    [
      compiler,
      '-p',
      'tsconfig.build.json',
      '--outDir',
      join(app, 'dist'),
      '--noCheck',
      '--declaration',
      'false',
      '--declarationMap',
      'false',
      '--sourceMap',
      'false',
    ],
    root,
  ).exit;
  if (built.code !== 0) throw new Error(`Cannot build tailnas: ${built.stdout}`);
  const start: Cli['start'] = (args, options) => node([join(app, 'dist/cli/main.js'), ...args], folder, options);
  return {
    folder,
    main: join(app, 'dist/cli/main.js'),
    start,
    run: (args, options) => start(args, options).exit,
    dispose: () => {
      for (const child of children) child.kill('SIGKILL');
      for (const path of [app, folder]) rmSync(path, { recursive: true, force: true });
    },
  };
};
