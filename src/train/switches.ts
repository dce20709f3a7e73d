import { z } from 'zod';
import type { Switches } from '../method/index.js';
import { freezeForms, parseSchedule } from '../schedule/index.js';

const recorded = z
  .object({
    mixing: z.string().transform((text) => parseSchedule(text)),
    sampling: z.enum(['instance', 'class', 'reversed']),
    bnScope: z.enum(['joint', 'perBranch']),
    logitScale: z.number(),
    freeze: z.enum(freezeForms),
  })
  .partial();

/** Switches as run.json has them, the mixing by its label. Throws when they are damaged. */
export const readSwitches = (values: unknown): Switches => {
  const found = recorded.safeParse(values);
  if (!found.success)
    throw new Error(
      `Cannot open run: the switches in run.json are damaged (${found.error.issues[0]?.path.join('.')}); restore it from a copy`,
    );
  return Object.fromEntries(Object.entries(found.data).filter(([, value]) => value !== undefined));
};
