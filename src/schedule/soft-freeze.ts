import { type Schedule, schedule } from './schedule.js';

/**
 * The factor on the backbone's architecture learning rate: s(m) = exp(1 − 1/m), s(0) = 0 (eq 17; its form is inferred from the paper's prose and figure 5).
 * Nearly 1 at first, below m everywhere, and 0 ahead of m: the backbone's architecture freezes softly before the class branch is trained alone.
 */
export const softFreeze = (mixing: Schedule): Schedule =>
  schedule(`softFreeze(${mixing.label})`, (t) => {
    const m = mixing(t);
    return m === 0 ? 0 : Math.exp(1 - 1 / m);
  });
