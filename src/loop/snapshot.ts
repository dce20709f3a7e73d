import { z } from 'zod';
import { type StreamState, streamState } from '../data/index.js';
import type { Json, Learner } from '../learn/index.js';
import type { ParameterStore } from '../nn/index.js';
import {
  inPlace,
  noGrad,
  parseSafetensors,
  readMetadata,
  rng,
  scope,
  type Tensor,
  type TensorFile,
  tensor,
  toSafetensors,
} from '../tensor/index.js';
import { type Totals, totals } from './totals.js';

const standing = z.object({
  epoch: z.number(),
  step: z.number(),
  /**
   * Which phase it is in, and that phase's first epoch. Checkpoints of format 1 have none: their phases never end
   * early.
   */
  phase: z.object({ index: z.number(), first: z.number() }).optional(),
  totals,
  streams: z.object({ train: z.array(streamState), valid: z.array(streamState) }),
  memo: z.json().optional(),
});
/** Where a run stands, apart from its tensors: `step` steps of epoch `epoch` are done. */
export interface Standing {
  readonly epoch: number;
  readonly step: number;
  readonly phase?: { readonly index: number; readonly first: number } | undefined;
  readonly totals: Totals;
  readonly streams: { readonly train: readonly StreamState[]; readonly valid: readonly StreamState[] };
  readonly memo?: Json | undefined;
}

const RNG = 'rng';
/** Of the generator of a GPU, beside that of the CPU. */
const DEVICE_RNG = 'rng/device';
const FLAT = 'weights'; // all weights in one vector: checkpoints of format 1
const WEIGHT = 'weight/';
const BUFFER = 'buffer/';

/** A checkpoint that a run cannot be continued or opened from. Who knows its `file` names it. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  constructor(
    readonly problem: string,
    { file = '' }: { file?: string } = {},
  ) {
    super(`Cannot use checkpoint${file && ` ${file}`}: ${problem}`);
  }
}

const fail = (problem: string): never => {
  throw new CheckpointError(problem);
};

/** What `read` makes of a checkpoint's bytes. Throws when these are no safetensors. */
const readable = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    return fail(`it is damaged (${error instanceof Error ? error.message : String(error)}); restore it from a copy`);
  }
};

/** The format of a checkpoint. Throws when it is none that is known. */
const formatOf = ({ format = '1', layout }: TensorFile['metadata']): '1' | '2' => {
  if (format === '1') return format;
  if (format !== '2')
    return fail(`its format must be 1 or 2, it is ${format}: a newer tailnas wrote it; use that, or update this one`);
  if (layout === undefined) fail('it must have a hash of its network’s layout, it has none; restore it from a copy');
  return format;
};

const isGpu = ({ device }: Pick<ParameterStore, 'device'>): boolean => device.startsWith('cuda');

/**
 * All of a run as the bytes of a safetensors file: weights and buffers by their names, what the learner remembers, the
 * random state, and as metadata the standing and a hash of the network's layout. No times, so equal runs give equal
 * bytes.
 */
export const takeSnapshot = ({ model: { store }, tensors }: Learner, where: Standing): Uint8Array[] =>
  scope(() =>
    toSafetensors(
      {
        ...Object.fromEntries(store.parameters.map(({ name, value }) => [WEIGHT + name, value])),
        ...tensors,
        ...Object.fromEntries([...store.buffers].map(([name, buffer]) => [BUFFER + name, buffer])),
        [RNG]: tensor(rng.state()),
        ...(isGpu(store) ? { [DEVICE_RNG]: tensor(rng.state(store.device)) } : {}),
      },
      { metadata: { format: '2', layout: store.layoutHash, standing: JSON.stringify(where) } },
    ),
  );

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Where a checkpoint's run stands. Throws when the bytes are of another tool. */
export const readStanding = (bytes: Uint8Array): Standing => {
  const metadata = readable(() => readMetadata(bytes));
  formatOf(metadata);
  const where = standing.safeParse(parseJson(metadata['standing'] ?? ''));
  if (where.success) return where.data;
  return fail('it does not say the epoch and step of its run; is it of another tool? Restore it from a copy');
};

/** The tensor of that name and shape. Throws when there is none. */
const savedAs = (saved: TensorFile['tensors'], name: string, { shape }: Tensor): Tensor => {
  const found = saved[name];
  if (found !== undefined && found.shape.join() === shape.join()) return found;
  const has = found === undefined ? 'is missing' : `has [${found.shape.join(', ')}]`;
  return fail(
    `its "${name}" must have shape [${shape.join(', ')}], it ${has}; is it of another run? Restore it from a copy`,
  );
};

const putInto =
  (saved: TensorFile['tensors']) =>
  (name: string, target: Tensor): void =>
    noGrad(() => void inPlace.copy(target, savedAs(saved, name, target)));

const putModel = ({ tensors, metadata }: TensorFile, store: ParameterStore): void => {
  const format = formatOf(metadata);
  const { layout = '' } = metadata;
  if (format === '2' && layout !== store.layoutHash)
    fail(
      `its network must have the layout ${store.layoutHash.slice(0, 12)}…, it has ${layout.slice(0, 12)}…: ` +
        'the network was not built as run.json says now; restore the run.json that it was written with, name ' +
        'its modules with --use, or use the version of tailnas that wrote it',
    );
  const put = putInto(tensors);
  if (format === '1') put(FLAT, store.flat);
  else for (const { name, value } of store.parameters) put(WEIGHT + name, value);
  for (const [name, buffer] of store.buffers) put(BUFFER + name, buffer);
};

const putTensors = (file: TensorFile, { model, tensors }: Learner): void => {
  putModel(file, model.store);
  for (const [name, target] of Object.entries(tensors)) putInto(file.tensors)(name, target);
};

/**
 * Puts a checkpoint's tensors back, in place: weights, buffers and all that the learner holds, alpha among it. The
 * random state stays as it is. Throws when they are of another network.
 */
export const restoreTensors = (bytes: Uint8Array, learner: Learner): void =>
  scope(() =>
    putTensors(
      readable(() => parseSafetensors(bytes)),
      learner,
    ),
  );

/**
 * Puts all of a checkpoint back, the random state included, in place. Throws when something is missing, or has another
 * shape.
 */
export const restoreLearner = (bytes: Uint8Array, learner: Learner): void =>
  scope(() => {
    const file = readable(() => parseSafetensors(bytes));
    putTensors(file, learner);
    learner.memo?.restore(
      readStanding(bytes).memo ?? fail('it must say what its learner remembers, it does not; restore it'),
    );
    const restore = (name: string, device: string): void => {
      const state = file.tensors[name] ?? fail(`it has no random state of ${device}; restore it from a copy`);
      rng.restore(new Uint8Array(state.data().buffer), device);
    };
    restore(RNG, 'cpu');
    const { store } = learner.model;
    if (isGpu(store)) restore(DEVICE_RNG, store.device);
  });

/** What a learner remembers that is no tensor, for the standing. */
export const memoOf = ({ memo }: Learner): { memo?: Json } => (memo === undefined ? {} : { memo: memo.save() });
