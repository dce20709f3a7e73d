import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openRun } from './index.js';

/**
 * Resumes or creates the run named on its command line and trains it for ever; says `done <epoch>` once an epoch is
 * safe.
 */
const TRAINER = `
import { existsSync } from 'node:fs';
import { createRun, openRun } from './index.js';
const dir = process.argv[2];
const info = { format: 2, name: 'a', experiment: { kind: 'search', name: 'a', label: 'A', paper: null, method: 'A',
  options: {}, streams: [], space: null, network: null, phases: [{ name: 'search', epochs: 1e6, knobs: {}, frozen: [] }] }, overrides: {}, changes: {}, seed: 0,
  data: { spec: 'a', name: 'a', fingerprint: 'f', classes: ['x'], counts: { train: [2], valid: [1], test: [1] },
    channels: 1, imageSize: 28, mean: [0], std: [1], fit: null },
  versions: {}, host: null, device: 'cpu', threads: 1, command: [], startedAt: new Date().toISOString() };
const record = (epoch) => ({ kind: 'search', phase: 'search', epoch, t: 0, knobs: {}, trainLoss: 0, trainAccuracy: 0,
  validLoss: 0, validAccuracy: 0, perClassAccuracy: [0], filler: Array(2000).fill(epoch), answers: null, gradNorm: {},
  genotype: {}, seconds: 0, imagesPerSecond: 0, peakMemoryBytes: 0 });
process.stdout.write('ready\\n');
const run = existsSync(dir + '/run.json') ? openRun(dir, { write: true }) : createRun(dir, info);
const start = run.checkpoints.newest()?.position.epoch ?? 0;
run.truncateRecords((r) => r.epoch < start);
for (let epoch = start + 1; ; epoch++) {
  run.appendRecord(record(epoch - 1));
  run.writeGenotype({ backbone: { normal: { nodes: [], concat: [epoch] } } });
  run.checkpoints.save({ epoch, step: epoch }, Array.from({ length: 8 }, () => new Uint8Array(20000).fill(epoch)));
  process.stdout.write('done ' + epoch + '\\n');
}
`;

/** Takes the lock when told to, says how that went and keeps it. */
const LOCKER = `
import { lockRun } from './lock.js';
process.stdout.write('ready\\n');
process.stdin.once('data', () => {
  try { lockRun(process.argv[2]); process.stdout.write('held\\n'); }
  catch (error) { process.stdout.write(error.message + '\\n'); }
});
`;

/**
 * Takes and releases the lock over and over; counts how often it got in, and how often someone else was in there too.
 */
const CONTENDER = `
import { closeSync, openSync, rmSync } from 'node:fs';
import { lockRun } from './lock.js';
const dir = process.argv[2];
let entered = 0;
let met = 0;
for (const end = Date.now() + 800; Date.now() < end; ) {
  let release;
  try { release = lockRun(dir).release; } catch { continue; }
  entered++;
  try { closeSync(openSync(dir + '/inside', 'wx')); } catch { met++; }
  rmSync(dir + '/inside', { force: true });
  release();
}
process.stdout.write(JSON.stringify({ entered, met }) + '\\n');
`;

const children: ChildProcess[] = [];
let code = '';
let base = '';
let dir = '';

beforeAll(() => {
  // Plain node cannot run TypeScript everywhere yet: give the children this room as JavaScript.
  code = mkdtempSync(join(tmpdir(), 'tailnas-children-'));
  const room = fileURLToPath(new URL('.', import.meta.url));
  for (const name of readdirSync(room).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))) {
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
    const { outputText } = ts.transpileModule(readFileSync(join(room, name), 'utf8'), { compilerOptions: options });
    writeFileSync(join(code, name.replace(/\.ts$/, '.js')), outputText);
  }
  writeFileSync(join(code, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(room, '../../node_modules'), join(code, 'node_modules'));
  writeFileSync(join(code, 'trainer.js'), TRAINER);
  writeFileSync(join(code, 'locker.js'), LOCKER);
  writeFileSync(join(code, 'contender.js'), CONTENDER);
});

afterAll(() => rmSync(code, { recursive: true }));

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tailnas-processes-'));
  dir = join(base, 'run');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(base, { recursive: true });
});

/** Runs a program in a pid namespace of its own, as in a container: needs no rights where the kernel allows it. */
const APART = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child'];
const canBeApart = spawnSync(APART[0] ?? '', [...APART.slice(1), 'true']).status === 0;

const start = (script: string, { apart = false } = {}) => {
  const [command = '', ...args] = [...(apart ? APART : []), process.execPath, join(code, script), dir];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => {
    const { value, done } = await lines.next();
    return done ? undefined : value;
  };
  const kill = async () => {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  return { child, line, kill };
};

/** Reads everything there is in the folder; any damage throws. Returns the epoch that could be resumed from. */
const inspect = (): number => {
  if (!existsSync(join(dir, 'run.json'))) return 0;
  const run = openRun(dir);
  const epochs = run.records().map(({ epoch }) => epoch);
  expect(epochs).toEqual(epochs.map((_, index) => index));
  expect(run.readGenotype()?.backbone?.normal?.concat ?? []).toHaveLength(
    existsSync(join(dir, 'genotype.json')) ? 1 : 0,
  );
  const newest = run.checkpoints.newest();
  if (newest === undefined) return 0;
  const { epoch } = newest.position;
  expect(newest.damaged).toEqual([]);
  expect(newest.bytes.every((byte) => byte === epoch % 256)).toBe(true);
  expect(newest.bytes).toHaveLength(160000);
  expect(epochs.length).toBeGreaterThanOrEqual(epoch);
  return epoch;
};

describe('a run whose process is killed', { timeout: 300_000 }, () => {
  it('can be read and goes on from the last epoch, 30 times over', async () => {
    let reached = 0;
    // On a busy machine a process may be killed before its first epoch: then it takes more rounds, of longer lives.
    for (let round = 0; round < 30 || reached <= 5; round++) {
      const { line, kill } = start('trainer.js');
      expect(await line()).toBe('ready');
      await setTimeout(Math.random() * 40 * Math.max(1, round - 29));
      await kill();
      let told = reached;
      for (let text = await line(); text !== undefined; text = await line()) told = Number(text.split(' ')[1]);
      const epoch = inspect();
      expect(epoch).toBeGreaterThanOrEqual(told);
      reached = epoch;
    }
    const run = openRun(dir, { write: true });
    run.close();
    const left = readdirSync(dir).sort();
    expect(left).toEqual(['checkpoints', 'genotype.json', 'metrics.jsonl', 'run.json']);
    expect(run.checkpoints.list().length).toBe(readdirSync(join(dir, 'checkpoints')).length);
  });
});

describe('lockRun between processes', { timeout: 60_000 }, () => {
  beforeEach(() => mkdirSync(dir));

  const go = (locker: ReturnType<typeof start>) => {
    locker.child.stdin?.write('go\n');
    return locker.line();
  };

  it('refuses a second process by the name of the first, until that one is killed', async () => {
    const first = start('locker.js');
    const second = start('locker.js');
    await Promise.all([first.line(), second.line()]);
    expect(await go(first)).toBe('held');
    expect(await go(second)).toBe(
      `Cannot open run ${dir}: process ${first.child.pid} is using it; wait for it or stop it`,
    );
    await first.kill();
    const third = start('locker.js');
    await third.line();
    expect(await go(third)).toBe('held');
  });

  it('never lets two processes in at once, a stale lock to take over included', async () => {
    writeFileSync(join(dir, 'lock-2147483646-5'), '');
    const contenders = Array.from({ length: 3 }, () => start('contender.js'));
    const said = await Promise.all(contenders.map((contender) => contender.line()));
    const count = z.object({ entered: z.number(), met: z.number() });
    const counts = said.map((text) => count.parse(JSON.parse(text ?? 'null')));
    expect(counts).toEqual(counts.map(() => ({ entered: expect.any(Number), met: 0 })));
    expect(Math.max(...counts.map(({ entered }) => entered))).toBeGreaterThan(5);
    expect(readdirSync(dir)).toEqual([]);
  });

  it.skipIf(!canBeApart)('never lets two processes of different pid namespaces in at once', async () => {
    const contenders = [true, true, false].map((apart) => start('contender.js', { apart }));
    const said = await Promise.all(contenders.map((contender) => contender.line()));
    const count = z.object({ entered: z.number(), met: z.number() });
    const counts = said.map((text) => count.parse(JSON.parse(text ?? 'null')));
    expect(counts).toEqual(counts.map(() => ({ entered: expect.any(Number), met: 0 })));
    expect(Math.max(...counts.map(({ entered }) => entered))).toBeGreaterThan(5);
    expect(readdirSync(dir)).toEqual([]);
  });

  it.skipIf(!canBeApart)(
    'refuses one of another pid namespace, which cannot know whether the first lives',
    async () => {
      const first = start('locker.js', { apart: true });
      const [second, third] = [start('locker.js', { apart: true }), start('locker.js')];
      await Promise.all([first, second, third].map((locker) => locker.line()));
      expect(await go(first)).toBe('held');
      for (const other of [second, third])
        expect(await go(other)).toMatch(
          /in another container or process namespace of this host is using it, last heard/,
        );
      await first.kill(); // and not taken over at once, as nobody here can tell
      const fourth = start('locker.js');
      await fourth.line();
      expect(await go(fourth)).toMatch(/last heard of \d+ s ago; wait for it or stop it/);
    },
  );
});
