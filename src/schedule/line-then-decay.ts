import { type Schedule, schedule } from './schedule.js';

/** P-DARTS' stages have 25 epochs: its formulas count in them. */
const EPOCHS = 25;

/**
 * P-DARTS' rate of dropout on skip connections (Chen et al. 2019, the authors' code): until progress `at`, while alpha
 * waits, it is from · (24 − e) / 25 in epoch e of 25. Then it restarts at `from`: from · exp(−0.2 (e − e₀)).
 */
export const lineThenDecay = (from: number, at: number): Schedule => {
  if (!(at >= 0 && at <= 1))
    throw new RangeError(`Cannot make schedule: lineThenDecay must turn at t in [0, 1], got ${at}`);
  return schedule(`lineThenDecay(${from}, ${at})`, (t) =>
    t < at ? from * Math.max(0, (EPOCHS - 1) / EPOCHS - t) : from * Math.exp(-0.2 * EPOCHS * (t - at)),
  );
};
