import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isLive, isSamePlace, lockName, type Owner, ownerOf, ownPlace, type Place } from './owner.js';

/** Without a sign of life for so long, an owner on another host is taken to be gone, as `lockRun` does. */
const OLD = 300_000; // milliseconds

interface Clocks {
  readonly place?: Place;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Tells who is writing a run folder, from the names in it, without touching it. An owner elsewhere is known by its
 * heartbeat: once one was seen, by the time since then on this clock, whatever that of the other host says.
 */
export const lockWatch = (
  dir: string,
  { place = ownPlace(), now = Date.now }: Clocks = {},
): ((names: readonly string[]) => Owner | undefined) => {
  let beats = new Map<string, { readonly sign: number; readonly since: number }>();

  const beatOf = (name: string): { sign: number; since: number } | undefined => {
    try {
      const sign = lstatSync(join(dir, name)).mtimeMs;
      const last = beats.get(name);
      if (last === undefined) return { sign, since: now() - Math.abs(now() - sign) };
      return { sign, since: last.sign === sign ? last.since : now() };
    } catch {
      return undefined; // given back in this moment
    }
  };

  return (names) => {
    const seen: typeof beats = new Map();
    const owner = names
      .flatMap((name) => ownerOf(name, place) ?? [])
      .find((other) => {
        if (isSamePlace(other, place)) return isLive(other);
        const beat = beatOf(lockName(other));
        if (beat !== undefined) seen.set(lockName(other), beat);
        return beat !== undefined && now() - beat.since < OLD;
      });
    beats = seen;
    return owner;
  };
};
