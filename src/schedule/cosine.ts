import { type Schedule, schedule } from './schedule.js';

/** Half a cosine from `from` at t = 0 to `to` at t = 1: to + (from − to)(1 + cos πt) / 2. */
export const cosine = (from: number, to: number): Schedule =>
  schedule(`cosine(${from}, ${to})`, (t) => to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2);
