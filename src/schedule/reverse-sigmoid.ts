import { type Schedule, schedule } from './schedule.js';

/**
 * The paper's symmetric mixing: m(t) = 1 / (1 + exp(k(t − ½))), eq 18. A long soak, a rapid switch; k = 15 is inferred,
 * below 10 there is no soak.
 */
export const reverseSigmoid = ({ k = 15 }: { k?: number } = {}): Schedule => {
  if (!(k > 0)) throw new RangeError(`Cannot make schedule: k must be > 0, got ${k}`);
  return schedule(k === 15 ? 'reverseSigmoid' : `reverseSigmoid(${k})`, (t) => 1 / (1 + Math.exp(k * (t - 0.5))));
};
