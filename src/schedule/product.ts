import { type Schedule, schedule } from './schedule.js';

/**
 * The product of schedules: a base rate times a component's factor is heterogeneous learning-rate scheduling (paper, eq
 * 17).
 */
export const product = (...factors: readonly Schedule[]): Schedule =>
  schedule(factors.map((f) => f.label).join(' × '), (t) => factors.reduce((value, f) => value * f(t), 1));
