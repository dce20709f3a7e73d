import { type Schedule, schedule } from './schedule.js';

/** Stays at `value`. */
export const constant = (value: number): Schedule => schedule(`constant(${value})`, () => value);
