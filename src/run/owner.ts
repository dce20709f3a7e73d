import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { codeOf } from './file-error.js';

/** Where a process number means something: one boot of one kernel, and a process namespace in it. */
export interface Place {
  readonly host: string;
  /** The first eight digits of the kernel's boot id; NONE if unknown. */
  readonly boot: string;
  /** Number of the pid namespace; NONE where there are none. */
  readonly namespace: string;
}

/** A process that holds a lock. */
export interface Owner extends Place {
  readonly pid: number;
  /** Clock ticks from boot to the process's start, which tell a reused pid apart; UNKNOWN where there is no /proc. */
  readonly start: number;
}

const UNKNOWN = 0;
const NONE = '0';
const NAME = /^lock-(\d+)-(\d+)(?:-([0-9a-f]+)-(\d+)-([\w.-]+))?$/;
const MOST_OF_HOST = 64;

const told = (read: () => string): string | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** The place that this process is in. */
export const ownPlace = (): Place => ({
  host:
    hostname()
      .replace(/[^\w.-]/g, '_')
      .slice(0, MOST_OF_HOST) || NONE,
  boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))?.slice(0, 8) ?? NONE,
  namespace: /\d+/.exec(told(() => readlinkSync('/proc/self/ns/pid')) ?? '')?.[0] ?? NONE,
});

/** This process. */
export const ownOwner = (place: Place): Owner => ({
  ...place,
  pid: process.pid,
  start: startTime(process.pid) ?? UNKNOWN,
});

/** Whether process numbers of one place mean the same in the other. */
export const isSamePlace = (a: Place, b: Place): boolean =>
  a.boot === b.boot && a.namespace === b.namespace && (a.boot !== NONE || a.host === b.host);

/** The name of an owner's lock file: `lock-<pid>-<start>-<boot>-<pid namespace>-<host>`. */
export const lockName = ({ pid, start, boot, namespace, host }: Owner): string =>
  `lock-${pid}-${start}-${boot}-${namespace}-${host}`;

/** Tells lock files from content. */
export const isLock = (name: string): boolean => NAME.test(name);

/** The owner that a lock file's name spells; older versions wrote none of the place, which is taken to be `here`. */
export const ownerOf = (name: string, here: Place): Owner | undefined => {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, pid, start, boot = here.boot, namespace = here.namespace, host = here.host] = match;
  return { pid: Number(pid), start: Number(start), boot, namespace, host };
};

/** Whether the process of an owner in this place lives. */
export const isLive = ({ pid, start }: Owner): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another code than this one, EPERM, means that it lives and belongs to someone else.
    if (codeOf(error) === 'ESRCH') return false;
  }
  const actual = startTime(pid);
  return actual === undefined || start === UNKNOWN || actual === start;
};

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)); NaN for a zombie, which holds nothing; undefined if unknown. */
const startTime = (pid: number): number | undefined => {
  const stat = told(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) return undefined;
  // The command name, field 2, may itself hold spaces and brackets, so count from its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? Number.NaN : Number(fields[19]);
};
