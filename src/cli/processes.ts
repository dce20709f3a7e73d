import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Option } from 'commander';
import { numberIn } from '../experiment/index.js';
import { alone, type Group, joinGroup, type Launch, launchOf, OWN, PeerError } from '../group/index.js';
import { printable } from '../label/index.js';
import { kernels } from '../tensor/index.js';
import { argument, fromUser, UsageError } from './usage.js';

/** More are no use on one machine. */
const MOST = 256;
/** What a process that found another gone is given to say why it went itself, in milliseconds. */
const LAST_WORDS = 3_000;

/** `usual`: how many where it is not said. */
export const processesOption = (usual = 'one'): Option =>
  new Option(
    '--processes <n>',
    `processes of this machine that share each batch (default: ${usual}, or as many as torchrun or srun start)`,
  ).argParser(argument(numberIn({ least: 1, most: MOST, whole: true })));

/** libtorch's own lines about a lost process say no more than our error does. */
const quietLibtorch = (): void => {
  process.env['TORCH_CPP_LOG_LEVEL'] ??= 'FATAL';
};

/** How this process was started as one of several, if it was. */
export const launched = (): Launch | undefined => fromUser(() => launchOf(process.env));

/** Throws a UsageError where a launcher has started several processes of a command that works as one. */
export const requireAlone = (action: string): void => {
  const launch = launched();
  if (launch !== undefined)
    throw new UsageError(
      `Cannot ${action} as ${launch.size} processes: ${launch.by} has started as many, and only search, train and ` +
        'resume share their work; start it once',
    );
};

/** Another process of this command line, with the same words. */
interface Twin {
  readonly rank: number;
  readonly child: ChildProcess;
  /** All that it said on stderr, once it has ended. */
  readonly ended: Promise<string>;
}

const twin = (rank: number, { size, place }: { size: number; place: string }): Twin => {
  const env = { ...process.env, [OWN.rank]: `${rank}`, [OWN.size]: `${size}`, [OWN.place]: place };
  const [script = '', ...words] = process.argv.slice(1);
  const child = fork(script, words, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      const last = said.trim().split('\n').at(-1);
      resolve(last || (signal === null ? `it ended with code ${code}` : `it was killed (${signal})`));
    });
  });
  return { rank, child, ended };
};

/** Waits until a twin is about to join. Throws a PeerError when it ends before. */
const ready = ({ rank, child, ended }: Twin): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    void ended.then((said) => reject(new PeerError(`process ${rank} could not begin: ${said}`, { action: 'start' })));
  });

/** What the twins say that ended by themselves, in a line each. */
const lastWords = async (twins: readonly Twin[]): Promise<void> => {
  for (const { rank, ended } of twins) {
    const said = await Promise.race([ended, setTimeout(LAST_WORDS, undefined)]);
    const echoes = said === undefined || /Cannot (go on|meet)/.test(said); // it lost another itself
    if (!echoes) process.stderr.write(`process ${rank}: ${printable(said.replace(/^error: /, ''))}\n`);
  }
};

/** Starts as many processes of this command as are missing, and carries `body` out together with them. */
const withTwins = async <T>(size: number, body: (group: Group) => Promise<T>): Promise<T> => {
  quietLibtorch();
  kernels(); // the engine, built first where it has not been: all would build it
  const folder = mkdtempSync(join(tmpdir(), 'tailnas-group-'));
  const place = join(folder, 'meeting');
  const twins = Array.from({ length: size - 1 }, (_, i) => twin(i + 1, { size, place }));
  let group = alone;
  try {
    await Promise.all(twins.map(ready));
    group = joinGroup({ by: 'tailnas', rank: 0, size, place, port: 0, serves: false, attempt: '0' });
    return await body(group);
  } catch (error) {
    group.leave();
    if (error instanceof PeerError) await lastWords(twins);
    for (const { child } of twins) child.kill('SIGKILL'); // it may wait for what never comes
    throw error;
  } finally {
    group.leave();
    for (const { child } of twins) if (child.connected) child.disconnect(); // it stops, if it has not
    rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * Carries a command out with all processes that it was started as, by torchrun, srun or `--processes`, or alone. Throws
 * a UsageError where both a launcher and the flag say how many, and a PeerError where they do not come together.
 */
export const together = async <T>(processes: number | undefined, body: (group: Group) => Promise<T>): Promise<T> => {
  const launch = launched();
  if (launch === undefined) return (processes ?? 1) === 1 ? body(alone) : withTwins(processes ?? 1, body);
  if (launch.by !== 'tailnas' && processes !== undefined && processes !== launch.size)
    throw new UsageError(
      `Cannot use --processes ${processes}: ${launch.by} has started ${launch.size}; leave it out, or start it once`,
    );
  quietLibtorch();
  kernels();
  process.send?.('ready');
  const group = joinGroup(launch);
  try {
    return await body(group);
  } finally {
    group.leave();
  }
};
