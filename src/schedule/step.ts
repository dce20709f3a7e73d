import { type Schedule, schedule } from './schedule.js';

/**
 * `from` until progress `at`, `to` from there on: 0 and 1 unless said, so that `step(0.8)` starts something for the
 * last fifth. A product has several: `constant(0.1) × step(0.8, 1, 0.01) × step(0.9, 1, 0.01)` is a rate that falls
 * twice.
 */
export const step = (at: number, from = 0, to = 1): Schedule => {
  if (!(at >= 0 && at <= 1)) throw new RangeError(`Cannot make schedule: step must be at t in [0, 1], got ${at}`);
  const usual = from === 0 && to === 1;
  return schedule(usual ? `step(${at})` : `step(${at}, ${from}, ${to})`, (t) => (t < at ? from : to));
};
