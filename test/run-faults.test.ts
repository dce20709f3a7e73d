import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRun } from '../src/run/index.js';
import { type RunRoom, runRoom, supportScript } from './support/run-room.js';
import { workload } from './support/run-workload.js';

/** Every so many-th operation: `TAILNAS_FAULTS=1` for all of them. */
const EVERY = Number(process.env['TAILNAS_FAULTS'] ?? 8);

const CHILD = `
import { workload } from './run-workload.js';
try { workload(process.argv[2]); process.stdout.write('done'); }
catch (error) { process.stderr.write('error: ' + (error instanceof Error ? error.message : String(error)) + '\\n'); process.exitCode = 1; }
`;

const SOURCE = fileURLToPath(new URL('./support/faults.cc', import.meta.url));
let room: RunRoom;
let base = '';
let reference: Readonly<Record<string, string>> = {};
let operations = 0;

/** Everything in a run folder but the log, which has times. */
const contentOf = (dir: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'log.txt')
      .map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name);
        return [relative(dir, path), createHash('sha256').update(readFileSync(path)).digest('hex')];
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Carries the workload out in a process whose `at`-th file operation fails. */
const faulty = (dir: string, { kind = '', at = 0, count = '' } = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const env = {
      ...process.env,
      LD_PRELOAD: join(base, 'faults.so'),
      ...{ FAULT_DIR: dir, FAULT_AT: String(at), FAULT_KIND: kind, FAULT_COUNT: count },
    };
    const child = spawn(process.execPath, [room.script('child.js'), dir], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text;
      });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });

/** That a folder can be read by anyone now, and that going on ends as if nothing had happened. */
const endsWell = (dir: string): void => {
  if (existsSync(join(dir, 'run.json'))) {
    const run = openRun(dir);
    expect(run.records().map(({ epoch }) => epoch)).toEqual(run.records().map((_, i) => i));
    expect(run.checkpoints.newest()?.damaged ?? []).toEqual([]);
    run.readGenotype();
    run.readEvaluation();
  }
  workload(dir);
  expect(openRun(dir).contradiction()).toBeUndefined();
  expect(contentOf(dir)).toEqual(reference);
};

beforeAll(async () => {
  room = runRoom({
    'child.js': CHILD,
    'run-workload.js': supportScript('run-workload.ts'),
    'run-files.js': supportScript('run-files.ts'),
  });
  base = mkdtempSync(join(tmpdir(), 'tailnas-faults-'));
  if (process.platform === 'linux') {
    execFileSync('g++', ['-shared', '-fPIC', '-O1', '-o', join(base, 'faults.so'), SOURCE, '-ldl']);
    const counted = join(base, 'count');
    await faulty(join(base, 'reference'), { count: counted });
    operations = Number(readFileSync(counted, 'utf8'));
  } else workload(join(base, 'reference'));
  reference = contentOf(join(base, 'reference'));
}, 120_000);
afterAll(() => {
  room.dispose();
  rmSync(base, { recursive: true });
});

/** Does each of some things, a few at a time. */
const each = async (numbers: readonly number[], work: (n: number) => Promise<void>): Promise<void> => {
  const waiting = [...numbers];
  const worker = async (): Promise<void> => {
    for (let n = waiting.shift(); n !== undefined; n = waiting.shift()) await work(n);
  };
  await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, worker));
};

const SENTENCE: Readonly<Record<string, RegExp>> = {
  full: /^error: Cannot [a-z ]+ (\S+): (.*: )?the disk is full \(ENOSPC\); free space on it\n$/,
  EIO: /^error: Cannot [a-z ]+ (\S+): (.*: )?the disk failed \(EIO\); check the disk, or copy the folder to another\n$/,
  EACCES: /^error: Cannot [a-z ]+ (\S+): (.*: )?the right to do so is missing \(EACCES\); [^\n]+\n$/,
};

describe.runIf(process.platform === 'linux')('a fault at a file operation', { timeout: 600_000 }, () => {
  it('has many to happen at', () => {
    expect(operations).toBeGreaterThan(80);
    expect(Object.keys(reference)).toContain('evaluation.json');
  });

  it.each(['kill', 'torn', 'full', 'EIO', 'EACCES'])(
    'is told in one sentence, and the run ends the same after it: %s',
    async (kind) => {
      let told = 0;
      let killed = 0;
      const offset = kind.length % EVERY; // others of each kind
      const places = Array.from({ length: operations }, (_, i) => i + 1).filter((at) => at % EVERY === offset);
      await each(places, async (at) => {
        const dir = join(base, `${kind}-${at}`);
        const { code, signal, stdout, stderr } = await faulty(dir, { kind, at });
        const where = `${kind} at ${at}: ${code} ${signal} ${stdout} ${stderr}`;
        if (kind === 'kill' || kind === 'torn') {
          expect(signal, where).toBe('SIGKILL');
          killed++;
        } else if (code === 1) {
          const [, file = ''] = SENTENCE[kind]?.exec(stderr) ?? [];
          expect(file.startsWith(dir), where).toBe(true);
          told++;
        } else expect({ code, stdout, stderr }, where).toEqual({ code: 0, stdout: 'done', stderr: '' });
        endsWell(dir);
        rmSync(dir, { recursive: true });
      });
      expect(kind === 'kill' || kind === 'torn' ? killed : told).toBeGreaterThan(0.6 * places.length);
    },
  );
});

/** Runs a script with a small file system of its own at a folder: needs no rights where the kernel allows it. */
const onDisk = (script: string, ...args: string[]) =>
  spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'sh', '-euc', script, 'sh', ...args], {
    encoding: 'utf8',
  });
const canMount = onDisk('mount -t tmpfs -o size=64k tmpfs /mnt').status === 0;

describe.skipIf(!canMount)('a disk that is really full', { timeout: 120_000 }, () => {
  it.each([8, 20, 32, 44, 60, 80])(
    'with %i kB is told of in one sentence, and the run ends the same with room',
    (size) => {
      const [disk, out] = [join(base, `disk-${size}`), join(base, `out-${size}`)];
      mkdirSync(disk);
      // The folder is copied out before the disk is gone.
      const script = `
      mount -t tmpfs -o size=${size}k,nr_inodes=200 tmpfs "$1"
      code=0; "$3" "$4" "$1/run" || code=$?
      cp -a "$1/run" "$2" 2>/dev/null || mkdir "$2"
      exit $code`;
      const { status, stderr, stdout } = onDisk(script, disk, out, process.execPath, room.script('child.js'));
      if (size < 80) {
        expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
        expect(stderr).toMatch(SENTENCE['full'] ?? /^$/);
      } else expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: 'done' });
      const dir = join(base, `moved-${size}`);
      cpSync(out, dir, { recursive: true });
      endsWell(dir);
    },
  );
});
