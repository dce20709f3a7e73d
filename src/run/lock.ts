import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Owner {
  readonly pid: number;
  /** Clock ticks from boot to the process's start, which tell a reused pid apart; UNKNOWN where there is no /proc. */
  readonly start: number;
}

const NAME = /^lock-(\d+)-(\d+)$/;
const UNKNOWN = 0;
const ATTEMPTS = 4;
const LONGEST_PAUSE = 40; // milliseconds

/**
 * Keeps a run folder to one writing process. Returns `release`, which also runs when the process exits.
 *
 * The owner is spelled in the name of an empty file, `lock-<pid>-<start>`, so a lock is never half written and a dead
 * owner's file can be removed without a race: no living process has that name. A process first puts up its own file and
 * then looks for others, so of two that start together at least the later sees the other: two never both get in. When
 * both step back, they try again after pauses of different length.
 *
 * Processes on other machines, or in other process namespaces, that share the folder are not seen.
 * Throws when a live process, this one included, holds the lock.
 */
export const lockRun = (dir: string): (() => void) => {
  const own = lockName({ pid: process.pid, start: startTime(process.pid) ?? UNKNOWN });
  let holder = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) pause(Math.random() * LONGEST_PAUSE);
    if (!createExclusive(join(dir, own))) {
      holder = process.pid;
      break;
    }
    const others = liveOwners(dir).filter((owner) => lockName(owner) !== own);
    const other = others[0];
    if (other === undefined) return releaseOf(join(dir, own));
    rmSync(join(dir, own), { force: true });
    holder = other.pid;
  }
  throw new Error(`Cannot open run ${dir}: process ${holder} is using it; wait for it or stop it`);
};

/** Tells lock files from content. */
export const isLock = (name: string): boolean => NAME.test(name);

const lockName = ({ pid, start }: Owner): string => `lock-${pid}-${start}`;

const liveOwners = (dir: string): Owner[] => {
  const live: Owner[] = [];
  for (const name of readdirSync(dir)) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const owner = { pid: Number(match[1]), start: Number(match[2]) };
    if (isLive(owner)) live.push(owner);
    else rmSync(join(dir, name), { force: true });
  }
  return live;
};

const isLive = ({ pid, start }: Owner): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another code than this one, EPERM, means that it lives and belongs to someone else.
    if (codeOf(error) === 'ESRCH') return false;
  }
  const actual = startTime(pid);
  return actual === undefined || start === UNKNOWN || actual === start;
};

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); NaN for a zombie, which holds nothing; undefined where not told. */
const startTime = (pid: number): number | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name, field 2, may itself hold spaces and brackets, so count from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? Number.NaN : Number(fields[19]);
  } catch {
    return undefined;
  }
};

const createExclusive = (file: string): boolean => {
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw new Error(`Cannot lock ${file}: ${codeOf(error)}; check the rights of the folder`);
  }
};

const releaseOf = (file: string): (() => void) => {
  let held = true;
  const release = () => {
    // A second call must not take away a lock that this process has taken since: its name is the same.
    if (!held) return;
    held = false;
    process.off('exit', release);
    rmSync(file, { force: true });
  };
  process.on('exit', release);
  return release;
};

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error);

const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};
