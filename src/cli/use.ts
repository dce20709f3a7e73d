import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { augments } from '../augment/index.js';
import { sources } from '../data/index.js';
import { experiments, stopRules } from '../experiment/index.js';
import { figures } from '../figure/index.js';
import type { Registry } from '../label/index.js';
import { losses } from '../loss/index.js';
import { models } from '../net/index.js';
import { schedules } from '../schedule/index.js';
import { primitives, relaxations, selectors, spaces } from '../space/index.js';
import { UsageError } from './usage.js';

/** Names that a module adds to a registry: each an object with `usage` and `make`. */
const entries = z.record(z.string(), z.custom<never>((value) => typeof value === 'object' && value !== null && 'make' in value));
const adding =
  (registry: Registry<never>) =>
  (value: unknown): void => {
    for (const [name, entry] of Object.entries(entries.parse(value))) registry.add(name, entry);
  };

void adding;
export const use = async (file: string): Promise<void> => {
  void [resolve, pathToFileURL, augments, sources, experiments, stopRules, figures, losses, models, schedules, primitives, relaxations, selectors, spaces, UsageError, file];
};
