import { native } from './native.js';
import { Tensor } from './tensor.js';

/** libtorch's random numbers on the CPU: everything that is drawn on tensors comes from here. */
export const rng = {
  seed: (seed: number): void => native().seed(seed),
  /** The generator's whole state, to be given to `restore`. */
  state: (): Uint8Array => {
    const state = new Tensor(native().rngState());
    const bytes = state.data();
    state.dispose();
    return new Uint8Array(bytes.buffer);
  },
  restore: (state: Uint8Array): void => {
    const handle = native().fromBytes(state, 0, [state.length]);
    try {
      native().setRngState(handle);
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

/**
 * Bytes that CPU tensors asked for: alive now, and at most alive since the last `resetPeak`; and bytes kept for reuse
 * after they were freed.
 */
export const memory = {
  stats: (): { live: number; peak: number; kept: number } => {
    const [live, peak, kept] = native().memory(false);
    return { live, peak, kept };
  },
  resetPeak: (): void => {
    native().memory(true);
  },
  /** Returns kept memory to the system, except for segments with a large tensor that is alive. */
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

/** The libtorch that is loaded. */
export const libtorch = (): { version: string; cuda: boolean } => {
  const [version, cuda] = native().versions();
  return { version, cuda: cuda !== '' };
};
