import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RunRoom, runRoom } from '../../test/support/run-room.js';
import type { LockTimes } from './lock.js';

/** Takes the lock when told to, says how that went and keeps it. */
const LOCKER = `
import { lockRun } from './lock.js';
process.stdout.write('ready\\n');
process.stdin.once('data', () => {
  try { lockRun(process.argv[2], JSON.parse(process.argv[3] ?? '{}')); process.stdout.write('held\\n'); }
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
let room: RunRoom;
let base = '';
let dir = '';

beforeAll(() => {
  room = runRoom({ 'locker.js': LOCKER, 'contender.js': CONTENDER });
});
afterAll(() => room.dispose());

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

/** The same with a host name of its own, as on another machine that sees the folder. */
const onHost = (name: string): string[] => [...APART, '--uts', 'sh', '-c', `hostname ${name} && exec "$0" "$@"`];
const canBeHost = canBeApart && spawnSync(APART[0] ?? '', [...onHost('other').slice(1), 'true']).status === 0;

/** Seconds as milliseconds go by: a beat of 50, old after 600, watched for 200. */
const QUICK: LockTimes = { beat: 0.05, old: 0.6, watch: 0.2 };

interface Where {
  readonly apart?: boolean;
  readonly host?: string;
  readonly times?: LockTimes;
}

const start = (script: string, { apart = false, host, times }: Where = {}) => {
  const place = host === undefined ? (apart ? APART : []) : onHost(host);
  const options = times === undefined ? [] : [JSON.stringify({ times })];
  const [command = '', ...args] = [...place, process.execPath, room.script(script), dir, ...options];
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

  /** Each got in often, none while another was in, and nothing is left. */
  const expectNoneMet = async (contenders: readonly ReturnType<typeof start>[]): Promise<void> => {
    const said = await Promise.all(contenders.map((contender) => contender.line()));
    const count = z.object({ entered: z.number(), met: z.number() });
    const counts = said.map((text) => count.parse(JSON.parse(text ?? 'null')));
    expect(counts).toEqual(counts.map(() => ({ entered: expect.any(Number), met: 0 })));
    expect(Math.max(...counts.map(({ entered }) => entered))).toBeGreaterThan(5);
    expect(readdirSync(dir)).toEqual([]);
  };

  it('never lets two processes in at once, a stale lock to take over included', async () => {
    writeFileSync(join(dir, 'lock-2147483646-5'), '');
    const contenders = Array.from({ length: 3 }, () => start('contender.js'));
    await expectNoneMet(contenders);
  });

  it.skipIf(!canBeApart)('never lets two processes of different pid namespaces in at once', async () => {
    const contenders = [true, true, false].map((apart) => start('contender.js', { apart }));
    await expectNoneMet(contenders);
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

  describe.skipIf(!canBeHost)('on hosts of different names', () => {
    it('never lets two processes in at once', async () => {
      await expectNoneMet(['alpha', 'beta', 'beta'].map((host) => start('contender.js', { host })));
    });

    it('names the host that holds it, while that writes', async () => {
      const first = start('locker.js', { host: 'alpha', times: QUICK });
      const second = start('locker.js', { host: 'beta', times: QUICK });
      await Promise.all([first.line(), second.line()]);
      expect(await go(first)).toBe('held');
      await setTimeout(1000 * QUICK.old); // longer than it takes to be old
      expect(await go(second)).toMatch(/process \d+ on host alpha is using it, last heard of 0 s ago/);
    });

    it('goes to the next once its owner crashed and its heartbeat is old, not before', async () => {
      const times = { ...QUICK, old: 3 }; // the second asks within them, also on a busy machine
      const first = start('locker.js', { host: 'alpha', times });
      const [second, third] = ['beta', 'gamma'].map((host) => start('locker.js', { host, times }));
      await Promise.all([first, second, third].map((locker) => locker?.line()));
      expect(await go(first)).toBe('held');
      await first.kill();
      expect(second && (await go(second))).toMatch(/on host alpha is using it/);
      await setTimeout(1000 * times.old);
      expect(third && (await go(third))).toBe('held');
      expect(readdirSync(dir)).toEqual([expect.stringMatching(/-gamma$/)]);
    });

    it.each([
      ['ahead', 86400],
      ['back', -86400],
    ])('is kept by its owner though the clock jumped %s by a day', async (_, seconds) => {
      const first = start('locker.js', { host: 'alpha', times: QUICK });
      const second = start('locker.js', { host: 'beta', times: { ...QUICK, watch: 2 } });
      await Promise.all([first.line(), second.line()]);
      expect(await go(first)).toBe('held');
      const [name = ''] = readdirSync(dir);
      const answer = go(second);
      // As if what was written before the jump were of another day, until the owner writes again.
      const jump = setInterval(() => utimesSync(join(dir, name), then, then), 5);
      const then = new Date(Date.now() - 1000 * seconds);
      await setTimeout(300).finally(() => clearInterval(jump));
      expect(await answer).toMatch(/on host alpha is using it/);
    });
  });
});
