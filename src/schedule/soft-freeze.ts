import { type Schedule, schedule } from './schedule.js';

/** s(m) on m in (0, 1]. `exp` is the paper's as we read it; the others are there to see what depends on the reading. */
const FORMS = {
  exp: (m: number) => Math.exp(1 - 1 / m),
  sqrt: (m: number) => Math.exp((1 - 1 / m) / 2),
  squared: (m: number) => Math.exp(2 * (1 - 1 / m)),
  saturating: (m: number) => 1 - Math.exp(-5 * m),
  none: () => 1,
} as const;
export type FreezeForm = keyof typeof FORMS;
export const freezeForms: readonly FreezeForm[] = ['exp', 'sqrt', 'squared', 'saturating', 'none'];

/**
 * The factor on the backbone's architecture learning rate: s(m) = exp(1 − 1/m), s(0) = 0 (eq 17; its form is inferred
 * from the paper's prose and figure 5). Nearly 1 at first, below m everywhere, and 0 ahead of m: the backbone's
 * architecture freezes softly before the class branch is trained alone. `form` has others: its square root, its square,
 * 1 − exp(−5m), and none, which is 1 everywhere.
 */
export const softFreeze = (mixing: Schedule, { form = 'exp' }: { form?: FreezeForm } = {}): Schedule =>
  schedule(form === 'exp' ? `softFreeze(${mixing.label})` : `softFreeze(${mixing.label}, ${form})`, (t) => {
    const m = mixing(t);
    return m === 0 && form !== 'none' ? 0 : FORMS[form](m);
  });
