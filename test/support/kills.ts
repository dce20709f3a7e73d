import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Rng } from '../../src/data/rng.js';
import { experiments } from '../../src/experiment/index.js';
import { trainingRecipeNames } from '../../src/experiment/train-recipes.js';
import { isLock } from '../../src/run/lock.js';
import type { Cli } from './cli.js';
import { writeImages } from './images.js';

const DATA = '--imbalance natural --image-size 16 --threads 1 --channels 4 --batch-size 4 --checkpoint-minutes 0';
const CELLS = [...DATA.split(' '), '--layers', '1'];
const FAULTS = fileURLToPath(new URL('faults.cc', import.meta.url));

/** A kind of run, at a size of some epochs with a checkpoint at each step. */
export interface KillCase {
  readonly name: string;
  /** The words after `tailnas`, without data and folder. */
  readonly words: readonly string[];
}

/** Sizes of searches that compare whole architectures. */
const CANDIDATES = ['--candidates', '8', '--candidate-batches', '2'];
const POPULATION = [...CANDIDATES, '--population', '4', '--tournament', '2'];
const SIZES: Readonly<Record<string, readonly string[]>> = {
  'random-ws': CANDIDATES,
  enas: CANDIDATES,
  evolution: POPULATION,
  'imb-nas': [...POPULATION, '--head-epochs', '1'],
  // Six epochs of three stages: alpha learns in every second one.
  'p-darts': ['--layers', '3', '--epochs', '6', '--stages', '0, 0, 1'],
  'darts-pt': ['--epochs', '1'],
  // These end before their last epoch.
  'darts-plus': ['--layers', '3', '--stop', 'skips(1)'],
  'robust-darts': ['--epochs', '8', '--eigenvalue', '1', '--stop', 'eigenvalue(0.01, 0)'],
};

/** Every recipe of a search, every one of a training, networks with and without cells, both kinds of second stage. */
export const killCases = (): KillCase[] => [
  ...experiments.all().map(({ name }) => ({
    name,
    words: ['search', name, ...CELLS, '--nodes', '1', '--epochs', '3', ...(SIZES[name] ?? [])],
  })),
  ...trainingRecipeNames.map((name) => ({
    name: `resnet(8), ${name}`,
    words: ['train', 'resnet(8)', ...DATA.split(' '), '--epochs', '3', '--recipe', name],
  })),
  ...['crt', 'lws(0.5)', 'tau'].map((stage) => ({
    name: `random cells, ${stage}`,
    words: [
      ...['train', 'random', ...CELLS, '--nodes', '1', '--epochs', '2', '--stage', stage],
      ...(stage === 'tau' ? [] : ['--classifier-stage', '2']),
    ],
  })),
];

/** A run that ended, after so many kills; `withinEpoch` of them found it saved in the middle of an epoch. */
export interface Killed {
  readonly kills: number;
  readonly withinEpoch: number;
  /** Files that are not what they would be without a kill; none where all is well. */
  readonly differing: readonly string[];
}

/** Without what the clock and the machine say, and the path of the folder. */
const timeless = (file: string, bytes: Buffer): string => {
  if (!/^(?:run\.json|metrics\.jsonl)$/.test(file)) return createHash('sha256').update(bytes).digest('hex');
  const vary = ['seal', 'startedAt', 'command', 'seconds', 'imagesPerSecond', 'peakMemoryBytes'];
  const lines = file === 'run.json' ? [bytes.toString()] : bytes.toString().trimEnd().split('\n');
  return lines
    .map((line) => JSON.stringify(JSON.parse(line, (key, value) => (vary.includes(key) ? undefined : value))))
    .join('\n');
};

/** All files of a run, without what the clock says. */
export const contentOf = (run: string): Map<string, string> =>
  new Map(
    readdirSync(run, { recursive: true, withFileTypes: true })
      // What locks a run that has ended is of a dead process, and no part of it.
      .filter((entry) => entry.isFile() && entry.name !== 'log.txt' && !isLock(entry.name))
      .map((entry) => relative(run, join(entry.parentPath, entry.name)))
      .map((file) => [file, timeless(file, readFileSync(join(run, file)))]),
  );

const isWithinEpoch = (run: string): boolean => {
  const folder = join(run, 'checkpoints');
  const newest = existsSync(folder) ? readdirSync(folder).toSorted().at(-1) : undefined;
  return newest !== undefined && !newest.includes('-step-000000-');
};

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** How a run goes that nobody kills. */
interface Whole {
  readonly content: ReadonlyMap<string, string>;
  readonly operations: number;
  readonly milliseconds: number;
}

/**
 * Kills runs: `SIGKILL` at a random moment, or at a random operation on a file of the run's folder, and again when it is
 * resumed, until it comes to its end. Half of the kills are of each kind; each falls into the first half of what a whole
 * run takes, so that most runs are killed several times, while loading, training, testing and drawing.
 */
export const killer = async (cli: Cli, rng: Rng) => {
  const library = join(cli.folder, 'faults.so');
  execFileSync('g++', ['-shared', '-fPIC', '-O1', '-o', library, FAULTS, '-ldl']);
  const data = join(cli.folder, 'data');
  await writeImages(join(data, 'train'), { cat: 20, dog: 12, owl: 6 });
  await writeImages(join(data, 'test'), { cat: 3, dog: 3, owl: 3 });
  const wholes = new Map<string, Whole>();

  const run = async (words: readonly string[], faults: NodeJS.ProcessEnv, killAfter?: number): Promise<Ended> => {
    const options: SpawnOptions = {
      ...{ cwd: cli.folder, stdio: ['ignore', 'ignore', 'pipe'] },
      env: { ...process.env, OMP_NUM_THREADS: '1', LD_PRELOAD: library, ...faults },
    };
    const child = spawn(process.execPath, [cli.main, ...words], options);
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, stderr }));
    });
    if (killAfter !== undefined) {
      const over = new AbortController();
      void ended.finally(() => over.abort());
      await setTimeout(killAfter, undefined, { signal: over.signal }).catch(() => {});
      child.kill('SIGKILL');
    }
    return ended;
  };

  const start = (of: KillCase, dir: string): string[] => [...of.words, '--data', data, '--out', dir];

  const whole = async (of: KillCase): Promise<Whole> => {
    const known = wholes.get(of.name);
    if (known !== undefined) return known;
    const [dir, counted] = [join(cli.folder, 'whole'), join(cli.folder, 'count')];
    const began = performance.now();
    const { code, stderr } = await run(start(of, dir), { FAULT_DIR: dir, FAULT_COUNT: counted });
    if (code !== 0) throw new Error(`${of.name} ends with ${code}: ${stderr}`);
    const own = {
      content: contentOf(dir),
      operations: Number(readFileSync(counted, 'utf8')),
      milliseconds: performance.now() - began,
    };
    rmSync(dir, { recursive: true });
    wholes.set(of.name, own);
    return own;
  };

  /** One run from its start to its end, with as many kills as befall it. Throws where it cannot be resumed. */
  const killed = async (of: KillCase): Promise<Killed> => {
    const { content, operations, milliseconds } = await whole(of);
    const dir = join(cli.folder, 'killed');
    rmSync(dir, { recursive: true, force: true }); // one that differs is left for who looks for why
    mkdirSync(dir);
    let kills = 0;
    let withinEpoch = 0;
    for (;;) {
      const words = existsSync(join(dir, 'run.json')) ? ['resume', dir, '--checkpoint-minutes', '0'] : start(of, dir);
      const byTime = rng.uniform() < 0.5;
      const at = 1 + rng.below(Math.ceil(operations / 2));
      const { code, signal, stderr } = byTime
        ? await run(words, {}, (rng.uniform() * milliseconds) / 2)
        : await run(words, { FAULT_DIR: dir, FAULT_KIND: 'kill', FAULT_AT: String(at) });
      if (code === 0) break;
      if (signal !== 'SIGKILL')
        throw new Error(`${of.name} cannot be resumed after ${kills} kills (${dir}): ${code} ${signal} ${stderr}`);
      kills++;
      if (isWithinEpoch(dir)) withinEpoch++;
    }
    const own = contentOf(dir);
    const differing = [...new Set([...content.keys(), ...own.keys()])].filter((f) => content.get(f) !== own.get(f));
    return { kills, withinEpoch, differing };
  };
  return { whole, killed };
};
