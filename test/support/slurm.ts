import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Debian's packages, and a program of each. */
const PROGRAMS = { 'slurm-wlm': 'slurmctld', munge: 'munged', parallel: 'parallel' } as const;
type Package = keyof typeof PROGRAMS;
/** Debian has daemons where not every user's path leads. */
const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;
const env = { ...process.env, PATH };

const isThere = (name: Package): boolean => spawnSync('which', [PROGRAMS[name]], { env }).status === 0;

/** Makes sure that schedulers are installed. Throws, loudly, where it cannot: nothing is skipped. */
export const requirePackages = (...names: Package[]): void => {
  const missing = names.filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const apt = (...words: string[]): boolean =>
    spawnSync('apt-get', words, { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 600_000 }).status === 0;
  const install = (): boolean => apt('install', '-y', '--no-install-recommends', ...missing);
  if (userInfo().uid === 0 && (install() || (apt('update') && install()))) return;
  throw new Error(
    `Cannot test many runs: ${missing.join(', ')} must be installed, and only root on Debian can do that here. They ` +
      `are part of the tests, which fail without them. Run: apt-get install ${missing.join(' ')}`,
  );
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** A job or task of an array, as squeue tells it. */
interface Queued {
  readonly id: string;
  readonly state: string;
}

/** A Slurm of one node, this one, with two processors. */
export interface Slurm {
  /** The environment in which its commands reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** Has scancel signal a job until that is `seen`: it would signal again what was queued again. */
  signal(job: string, flags: readonly string[], seen: () => boolean): Promise<void>;
  queue(): Queued[];
  /** Waits until nothing is queued. Tasks that were queued again start at once, and not after two minutes. */
  ended(): Promise<void>;
  stop(): Promise<void>;
}

const pidIn = (file: string): number | undefined => {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  return pid > 0 ? pid : undefined;
};

const isLive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Starts the daemons by hand, without systemd or cgroups, in a folder of their own. */
export const startSlurm = async (): Promise<Slurm> => {
  requirePackages('slurm-wlm', 'munge');
  const folder = mkdtempSync(join(tmpdir(), 'tailnas-slurm-'));
  chmodSync(folder, 0o755); // munge wants no folder above its socket that others may write to
  const at = (name: string): string => join(folder, name);
  const [host] = hostname().split('.');
  const user = userInfo().username;
  const [controller, node] = [await freePort(), await freePort()];
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(128), { mode: 0o600 });
  const lines = [
    'ClusterName=tailnas',
    `SlurmctldHost=${host}(127.0.0.1)`,
    ...[`SlurmUser=${user}`, `SlurmdUser=${user}`],
    ...['AuthType=auth/munge', `AuthInfo=socket=${at('munge.sock')}`],
    ...['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none', 'JobAcctGatherType=jobacct_gather/none'],
    ...['AccountingStorageType=accounting_storage/none', 'ReturnToService=2', 'MpiDefault=none'],
    ...['SelectType=select/cons_tres', 'SelectTypeParameters=CR_Core'],
    ...[`StateSaveLocation=${at('state')}`, `SlurmdSpoolDir=${at('spool')}`],
    ...[`SlurmctldPidFile=${at('slurmctld.pid')}`, `SlurmdPidFile=${at('slurmd.pid')}`],
    ...[`SlurmctldLogFile=${at('slurmctld.log')}`, `SlurmdLogFile=${at('slurmd.log')}`],
    ...[`SlurmctldPort=${controller}`, `SlurmdPort=${node}`],
    `NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN`,
    `PartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP`,
  ];
  writeFileSync(at('slurm.conf'), `${lines.join('\n')}\n`);
  const own = { SLURM_CONF: at('slurm.conf'), PATH };
  const run = (command: string, ...words: string[]): string =>
    execFileSync(command, words, {
      env: { ...process.env, ...own },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  const stop = async (): Promise<void> => {
    spawnSync('scancel', [`--user=${user}`], { env: { ...env, ...own } });
    const pids = ['slurmd', 'slurmctld', 'munged'].flatMap((name) => pidIn(at(`${name}.pid`)) ?? []);
    for (const pid of pids) if (isLive(pid)) process.kill(pid, 'SIGTERM');
    for (let i = 0; i < 100 && pids.some(isLive); i++) await setTimeout(100);
    for (const pid of pids) if (isLive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const queue = (): Queued[] =>
    run('squeue', '--noheader', '--array', '--format=%i %T')
      .split('\n')
      .flatMap((line) => {
        const [id, state] = line.trim().split(' ');
        return id && state ? [{ id, state }] : [];
      });
  const ended = async (): Promise<void> => {
    for (let jobs = queue(); jobs.length > 0; jobs = queue()) {
      // Slurm lets a task that was queued again wait for two minutes.
      for (const { id, state } of jobs)
        if (state === 'PENDING' && id.includes('_'))
          spawnSync('scontrol', ['update', `jobid=${id}`, 'StartTime=now'], { env: { ...env, ...own } });
      await setTimeout(500);
    }
  };
  try {
    run(
      'munged',
      ...['--force', '--key-file', at('munge.key'), '--socket', at('munge.sock'), '--pid-file', at('munged.pid')],
      ...['--log-file', at('munged.log'), '--seed-file', at('munge.seed')],
    );
    run('slurmctld', '-f', at('slurm.conf'));
    run('slurmd', '-f', at('slurm.conf'));
    const states = (): string =>
      spawnSync('sinfo', ['--noheader', '--format=%T'], { env: { ...env, ...own }, encoding: 'utf8' }).stdout;
    for (let i = 0; states().trim() !== 'idle'; i++) {
      if (i > 60)
        throw new Error(`Cannot test many runs: Slurm does not start\n${readFileSync(at('slurmctld.log'), 'utf8')}`);
      await setTimeout(500);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const signal: Slurm['signal'] = async (job, flags, seen) => {
    const child = spawn('scancel', [...flags, job], { env: { ...env, ...own }, stdio: 'ignore' });
    while (!seen()) await setTimeout(50);
    child.kill('SIGKILL');
  };
  return { env: own, signal, queue, ended, stop };
};
