import { native } from './native.js';
import { Tensor } from './tensor.js';

/** libtorch's random numbers: everything that is drawn on tensors comes from here, by a generator per device. */
export const rng = {
  /** Of every device. */
  seed: (seed: number): void => native().seed(seed),
  /** The whole state of a device's generator, to be given to `restore`. */
  state: (device = 'cpu'): Uint8Array => {
    const state = new Tensor(native().rngState(device));
    const bytes = state.data();
    state.dispose();
    return new Uint8Array(bytes.buffer);
  },
  restore: (state: Uint8Array, device = 'cpu'): void => {
    const handle = native().fromBytes(state, 0, [state.length]);
    try {
      native().setRngState(handle, device);
    } finally {
      native().release(handle);
    }
  },
};

/** How many threads one operation may use. Results are reproducible for a fixed number. */
export const threads = {
  get: (): number => native().threads(),
  set: (n: number): void => {
    native().threads(n);
  },
};

const memoryOf = (device: string, { resetPeak }: { resetPeak: boolean }) =>
  device === 'cpu' ? native().memory(resetPeak) : native().deviceMemory(device, resetPeak);

/**
 * Bytes that the tensors of a device asked for: alive now, and at most alive since the last `resetPeak`; and bytes kept
 * for reuse after they were freed.
 */
export const memory = {
  stats: (device = 'cpu'): { live: number; peak: number; kept: number } => {
    const [live, peak, kept] = memoryOf(device, { resetPeak: false });
    return { live, peak, kept };
  },
  resetPeak: (device = 'cpu'): void => {
    memoryOf(device, { resetPeak: true });
  },
  /** Of CPU tensors. Returns kept memory to the system, except for segments with a large tensor that is alive. */
  trim: (): void => native().trim(),
};

/** Throws a RangeError when tensors cannot be made on `device` here: `'cpu'`, `'cuda'` or `'cuda:N'`. */
export const requireDevice = (device: string): void => {
  if (!/^(cpu|cuda(:\d+)?)$/.test(device))
    throw new RangeError(`Cannot use device "${device}": it must be cpu, cuda or cuda:N`);
  if (device !== 'cpu' && !libtorch().cuda)
    throw new RangeError(
      `Cannot use device "${device}": libtorch ${libtorch().version} finds no CUDA device; ` +
        'use cpu, or set LIBTORCH to a CUDA build on a machine that has one',
    );
};

/**
 * For a run on `device`: makes sure that tensors can be made there, and that a GPU computes float32 in float32 and, as
 * far as it can, the same way each time. Throws a RangeError as `requireDevice` does.
 */
export const useDevice = (device: string): void => {
  requireDevice(device);
  if (device === 'cpu') return;
  // Read when cuBLAS is first used; without it its sums may differ from run to run.
  process.env['CUBLAS_WORKSPACE_CONFIG'] ??= ':4096:8';
  native().deterministic(true);
};

/** The libtorch that is loaded. */
export const libtorch = (): { version: string; cuda: boolean } => {
  const [version, cuda] = native().versions();
  return { version, cuda: cuda !== '' };
};
