import { rng } from '../tensor/index.js';

/**
 * The random state that a network draws from: of the CPU and, where it is on a GPU, of that as well. What is drawn
 * after `restore` is the same again.
 */
export const randomOf = ({ device }: { readonly device: string }): { restore(): void } => {
  const devices = ['cpu', ...(device.startsWith('cuda') ? [device] : [])];
  const states = devices.map((one) => [rng.state(one), one] as const);
  return {
    restore: () => {
      for (const [state, one] of states) rng.restore(state, one);
    },
  };
};
