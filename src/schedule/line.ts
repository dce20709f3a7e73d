import { type Schedule, schedule } from './schedule.js';

/** A straight line from `from` at t = 0 to `to` at t = 1. */
export const line = (from: number, to: number): Schedule =>
  schedule(`linear(${from}, ${to})`, (t) => from + (to - from) * t);
