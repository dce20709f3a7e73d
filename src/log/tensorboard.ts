import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fitPartDir, fitParts, isFit, openRun } from '../run/index.js';
import { appendInside, listInside, removeInside, writeInside } from '../run/inside.js';
import { eventBytes } from './event-bytes.js';
import type { LoggedRun } from './scalars.js';

const OURS = /^events\.out\.tfevents\.\d+\..*\.tailnas$/;

const eventFilesIn = (dir: string): string[] => listInside(dir).filter((name) => OURS.test(name));

/** A name that sorts behind those of earlier files: TensorBoard reads files in this order. */
const newName = (): string => {
  const host = hostname().replaceAll(/[^\w-]/g, '_');
  return `events.out.tfevents.${String(Math.floor(Date.now() / 1000)).padStart(10, '0')}.${host}.tailnas`;
};

const placeIn = (dir: string, bytes: Uint8Array): string => {
  const earlier = eventFilesIn(dir);
  const name = newName();
  writeInside(dir, [name], bytes);
  for (const old of earlier) if (old !== name) removeInside(dir, old);
  return name;
};

/** A run as dashboards get it. Throws where its files are damaged: nothing half is sent. */
export const readLogged = (dir: string): LoggedRun => {
  const folder = openRun(dir);
  return { info: folder.info, records: folder.records(), evaluation: folder.readEvaluation() };
};

/** Whether a run, or a part of a fit, keeps an event file: resuming goes on with it. */
export const hasEventFile = (dir: string): boolean =>
  isFit(dir) ? fitParts.some((part) => eventFilesIn(fitPartDir(dir, part)).length > 0) : eventFilesIn(dir).length > 0;

/**
 * The event file of a run that is under way, in its folder. Opening it replaces those of earlier starts: what it holds
 * is always made of the run's records, so that a kill and a resume leave no epoch twice and none that was dropped.
 */
export const openEventFile = (dir: string): { update(): void } => {
  const first = eventBytes(readLogged(dir));
  const name = placeIn(dir, first);
  let written = first.length;
  return {
    /** Adds what the run has come to since. */
    update: () => {
      const bytes = eventBytes(readLogged(dir));
      if (bytes.length > written) written = appendInside(dir, name, { content: bytes.subarray(written), at: written });
    },
  };
};

/** Writes the event file of a run into a folder, in place of what was written of it before. Returns its path. */
export const writeEventFile = (run: LoggedRun, dir: string): string => {
  mkdirSync(dir, { recursive: true });
  return join(dir, placeIn(dir, eventBytes(run)));
};
