import { closeSync, fstatSync, futimesSync, lstatSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, codeOf, FileError, ifPossible } from './file-error.js';
import { isLive, isSamePlace, lockName, type Owner, ownerOf, ownOwner, ownPlace, type Place } from './owner.js';

export { isLock } from './owner.js';

const ATTEMPTS = 4;
const LONGEST_PAUSE = 40; // milliseconds

/** How a lock is kept alive and when it is taken to be dead, in seconds; only tests use others. */
export interface LockTimes {
  /** Between two signs of life. */
  readonly beat: number;
  /** Without a sign of life for so long, the owner may be gone. */
  readonly old: number;
  /** That much longer it is watched, because a clock may have jumped: longer than a beat. */
  readonly watch: number;
}
const TIMES: LockTimes = { beat: 30, old: 300, watch: 45 };

/** A lock that this process holds. */
export interface Lock {
  /** Throws where another process has taken the lock over, as it may when this one stood still for minutes. */
  check(): void;
  /** Gives the lock back; also runs when the process exits. */
  release(): void;
}

/**
 * Keeps a run folder to one writing process, on any host, in any container and process namespace that shares it.
 *
 * The owner is spelled in the name of a file, `lock-<pid>-<start>-<boot>-<pid namespace>-<host>`, so a lock is never
 * half written and a dead owner's file can be removed without a race: no living process has that name. A process first
 * puts up its own file and then looks for others, so of two that start together at least the later sees the other: two
 * never both get in. When both step back, they try again after pauses of different length.
 *
 * Whether an owner in the same place lives, the kernel knows. One elsewhere is known by its heartbeat: it writes to its
 * file every 30 seconds. Where the last sign is older than 5 minutes by the clock of the file system (that of a file
 * written just now), or from the future, the file is watched for longer than a beat: clocks jump, but who lives writes.
 * An owner that stood still for so long finds its file gone when it goes on (`check`), and may not write any more.
 *
 * Throws when a live process, this one included, holds the lock.
 */
export const lockRun = (
  dir: string,
  { place = ownPlace(), times = TIMES }: { place?: Place; times?: LockTimes } = {},
): Lock => {
  const owner = ownOwner(place);
  const own = join(dir, lockName(owner));
  let problem = '';
  for (let round = 0; round < ATTEMPTS; round++) {
    if (round > 0) pause(Math.random() * LONGEST_PAUSE);
    const descriptor = createExclusive(own);
    if (descriptor === undefined) {
      problem = `process ${process.pid} is using it; wait for it or stop it`;
      break;
    }
    let found: string | undefined;
    try {
      found = holder(dir, { owner, descriptor, times });
    } catch (error) {
      giveUp(own, descriptor);
      throw error;
    }
    if (found === undefined) return held(dir, { own, descriptor, times });
    giveUp(own, descriptor);
    problem = found;
  }
  throw new Error(`Cannot open run ${dir}: ${problem}`);
};

const giveUp = (file: string, descriptor: number): void => {
  ifPossible(() => closeSync(descriptor));
  ifPossible(() => rmSync(file, { force: true }));
};

/** Who else holds the lock, as the end of an error. Removes what dead owners left. */
const holder = (
  dir: string,
  { owner, descriptor, times }: { owner: Owner; descriptor: number; times: LockTimes },
): string | undefined => {
  const others = attempt(`Cannot read ${dir}`, () => readdirSync(dir)).flatMap((name) => {
    const other = ownerOf(name, owner);
    return other === undefined || lockName(other) === lockName(owner) ? [] : [{ name, other }];
  });
  for (const { name, other } of others) {
    const file = join(dir, name);
    if (isSamePlace(other, owner)) {
      if (isLive(other)) return `process ${other.pid} is using it; wait for it or stop it`;
    } else {
      const age = ageIfAlive(file, { descriptor, times });
      if (age !== undefined)
        return (
          `process ${other.pid} ${placeText(other, owner)} is using it, last heard of ${Math.round(age)} s ago; wait ` +
          `for it or stop it (${Math.round(times.old / 60)} minutes after its last sign it counts as gone)`
        );
    }
    attempt(`Cannot remove ${file}`, () => rmSync(file, { force: true, recursive: true }));
  }
  return undefined;
};

const placeText = (other: Place, own: Place): string =>
  other.host !== own.host
    ? `on host ${other.host}`
    : other.boot === own.boot
      ? 'in another container or process namespace of this host'
      : `on a host of the same name, ${other.host}, or before its last start`;

/** Seconds since the last sign of life of a lock's owner; undefined where it gives none any more. */
const ageIfAlive = (
  file: string,
  { descriptor, times }: { descriptor: number; times: LockTimes },
): number | undefined => {
  const last = signOf(file);
  if (last === undefined) return undefined;
  const now = (): number => {
    beat(descriptor);
    return fstatSync(descriptor).mtimeMs;
  };
  const age = (now() - last) / 1000;
  if (Math.abs(age) < times.old) return Math.max(0, age);
  for (const end = performance.now() + 1000 * times.watch; performance.now() < end; ) {
    pause(Math.min(500, 100 * times.watch));
    const sign = signOf(file);
    if (sign === undefined) return undefined;
    if (sign !== last) return 0;
  }
  return undefined;
};

/** When a lock's owner last wrote to it, in milliseconds by the clock of the file system. */
const signOf = (file: string): number | undefined => {
  try {
    return lstatSync(file).mtimeMs;
  } catch {
    return undefined;
  }
};

/** Gives a sign of life. Written, not dated: so its time is that of the file system, whatever this host's clock is. */
const beat = (descriptor: number): void => {
  try {
    writeSync(descriptor, '.', 0);
  } catch {
    // On a full disk there may be no room for a byte, but there is for a time.
    ifPossible(() => futimesSync(descriptor, new Date(), new Date()));
  }
};

const createExclusive = (file: string): number | undefined => {
  try {
    return openSync(file, 'wx');
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw new FileError(`Cannot lock ${file}`, { cause: error });
  }
};

const held = (dir: string, { own, descriptor, times }: { own: string; descriptor: number; times: LockTimes }): Lock => {
  let isHeld = true;
  beat(descriptor);
  const timer = setInterval(() => beat(descriptor), 1000 * times.beat);
  timer.unref(); // a lock is no reason for a process to go on
  const release = (): void => {
    // A second call must not take away a lock that this process has taken since: its name is the same.
    if (!isHeld) return;
    isHeld = false;
    clearInterval(timer);
    process.off('exit', release);
    giveUp(own, descriptor);
  };
  process.on('exit', release);
  const check = (): void => {
    const action = `Cannot write to run ${dir}`;
    try {
      lstatSync(own);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || signOf(dir) === undefined) throw new FileError(action, { cause: error });
      throw new Error(
        `${action}: another process took it over while this one stood still, or its lock was removed; leave the run ` +
          'to that process, or resume it',
      );
    }
  };
  return { check, release };
};

const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};
