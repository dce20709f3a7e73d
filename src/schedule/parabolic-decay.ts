import { type Schedule, schedule } from './schedule.js';

/** BBN's mixing: m(t) = 1 − t², long on the instance branch and then ever faster to the class branch. */
export const parabolicDecay = (): Schedule => schedule('parabolicDecay', (t) => 1 - t * t);
