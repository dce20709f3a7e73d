import { type Schedule, schedule } from './schedule.js';

/** 1 from progress `from` until before `to`, else 0: `between(0.02, 0.985)` leaves out the first and last epochs. */
export const between = (from: number, to: number): Schedule => {
  if (!(from < to)) throw new RangeError(`Cannot schedule between: it must begin before it ends, got ${from} to ${to}`);
  return schedule(`between(${from}, ${to})`, (t) => (t >= from && t < to ? 1 : 0));
};
