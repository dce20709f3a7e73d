import { firstLine } from '../engine/errors.js';
import { native } from './native.js';

/** Whether fused kernels are wanted: `TAILNAS_KERNELS=composite` disables them. */
export const fusedByDefault = (): boolean => process.env['TAILNAS_KERNELS'] !== 'composite';

/** `TAILNAS_KERNELS` names kernels that do not exist, or that this processor cannot run. */
export class UnknownKernelsError extends Error {
  override readonly name = 'UnknownKernelsError';
}

/** The kernels in use: `fused, avx512` (or another instruction set), or `plain`. Throws an UnknownKernelsError. */
export const kernels = (): string => {
  if (!fusedByDefault()) return 'plain';
  const engine = native();
  try {
    return `fused, ${engine.kernels()}`;
  } catch (error) {
    throw new UnknownKernelsError(firstLine(error), { cause: error });
  }
};
