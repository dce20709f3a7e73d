import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { folderInside, listInside, readInside, removeInside, writeInside } from './inside.js';

/** How far a run had come: epochs and steps done since its start. Both only ever grow within a run. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
}

export interface CheckpointFile {
  readonly position: Position;
  /** Name within the folder. */
  readonly file: string;
}

export interface Checkpoint extends CheckpointFile {
  /** The bytes of its file. */
  readonly bytes: Uint8Array;
  /** Names of later checkpoints that were passed over because their content does not match their name. */
  readonly damaged: readonly string[];
}

export interface CheckpointStore {
  /**
   * Puts a checkpoint in place, complete or not at all. Only then removes older ones: all but the newest `keep`, and
   * those at or past `position`, which remain after a run went back to an earlier checkpoint.
   */
  save(position: Position, bytes: readonly Uint8Array[]): void;
  /**
   * The newest undamaged checkpoint, of at most that many epochs where that is said; undefined when there is none at
   * all. Throws when all are damaged.
   */
  newest(options?: { readonly epochs?: number }): Checkpoint | undefined;
  /** What is there, newest first, by name only. */
  list(): CheckpointFile[];
}

const FOLDER = 'checkpoints';
const NAME = /^epoch-(\d+)-step-(\d+)-([0-9a-f]{16})\.safetensors$/;

/**
 * The last `keep` states of a run as files that prove themselves: `epoch-0003-step-000120-<hash>.safetensors`, where
 * the hash is the first 16 hex digits of the content's SHA-256. The content is opaque here. They lie in `checkpoints/`
 * of the run folder `dir`.
 */
export const checkpointStore = (dir: string, { keep = 3 }: { keep?: number } = {}): CheckpointStore => {
  const list = (): CheckpointFile[] => {
    const found: CheckpointFile[] = [];
    for (const file of listInside(dir, FOLDER)) {
      const match = NAME.exec(file);
      if (match !== null) found.push({ position: { epoch: Number(match[1]), step: Number(match[2]) }, file });
    }
    return found.sort((a, b) => compare(b.position, a.position));
  };

  const save = (position: Position, bytes: readonly Uint8Array[]): void => {
    const file = nameOf(position, bytes);
    folderInside(dir, FOLDER);
    writeInside(dir, [FOLDER, file], bytes);
    const others = list().filter((entry) => entry.file !== file);
    const earlier = others.filter((entry) => compare(entry.position, position) < 0);
    const kept = new Set(earlier.slice(0, keep - 1));
    for (const entry of others) {
      if (!kept.has(entry)) removeInside(dir, FOLDER, entry.file);
    }
  };

  const newest: CheckpointStore['newest'] = ({ epochs = Number.POSITIVE_INFINITY } = {}) => {
    const damaged: string[] = [];
    for (const { position, file } of list().filter((entry) => entry.position.epoch <= epochs)) {
      const bytes = readInside(dir, FOLDER, file);
      // A writer at work removes a checkpoint only after a newer one is in place: look again.
      if (bytes === undefined) return newest({ epochs });
      if (nameOf(position, [bytes]) === file) return { position, file, bytes, damaged };
      damaged.push(file);
    }
    if (damaged.length === 0) return undefined;
    throw new Error(
      `Cannot read checkpoints in ${join(dir, FOLDER)}: one must match the hash in its name, ` +
        `none of ${damaged.join(', ')} does; restore one from a copy or start a new run`,
    );
  };

  return { save, newest, list };
};

const nameOf = ({ epoch, step }: Position, bytes: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const piece of bytes) hash.update(piece);
  const digits = hash.digest('hex').slice(0, 16);
  return `epoch-${String(epoch).padStart(4, '0')}-step-${String(step).padStart(6, '0')}-${digits}.safetensors`;
};

const compare = (a: Position, b: Position): number => a.epoch - b.epoch || a.step - b.step;
