import { join } from 'node:path';
import { z } from 'zod';
import { isInside, placeInside, textInside, writeInside } from './inside.js';
import { check } from './parse.js';
import { scalar } from './record.js';
import { isSealed, parseSealed, sealed } from './seal.js';

/** What a fit consists of, in order: a run folder each, of these names, inside the fit's folder. */
export const fitParts = ['search', 'network', 'random', 'resnet'] as const;
export type FitPart = (typeof fitParts)[number];

/** The parts that end in a network that can be used. */
export const fitNetworks = ['network', 'random', 'resnet'] as const satisfies readonly FitPart[];
export type FitNetwork = (typeof fitNetworks)[number];

const part = z.object({
  /** What is carried out: a search by its name, or a network as `tailnas train` takes it. */
  what: z.string(),
  values: z.record(z.string(), scalar),
  /** As the probe expected it. */
  expectedSeconds: z.number(),
});

const plan = z.object({
  format: z.literal(1),
  budgetSeconds: z.number().positive(),
  seed: z.int(),
  device: z.string(),
  threads: z.int().positive(),
  /** Nodes of a cell, of the random one as well. */
  nodes: z.int().positive(),
  /** What was asked for of the data, as a run records it. */
  data: z.record(z.string(), z.json()),
  fingerprint: z.string(),
  parts: z.object({ search: part, network: part, random: part, resnet: part }),
  command: z.array(z.string()).readonly(),
});

/**
 * What a fit is going to do, decided before it begins and written once: the content of `fit.json`. Resuming carries out
 * the same plan, however long it takes then.
 */
export type FitPlan = Readonly<z.infer<typeof plan>>;

const outcome = z.object({
  format: z.literal(1),
  /** The network with the highest mean per-class accuracy on the validation images. */
  best: z.enum(fitNetworks),
});

/** The content of `result.json`, written when all parts are done. */
export type FitOutcome = Readonly<z.infer<typeof outcome>>;

const PLAN = 'fit.json';
const OUTCOME = 'result.json';

/** Whether a folder is that of a fit. */
export const isFit = (dir: string): boolean => isInside(dir, PLAN);

const words = (file: string) => ({
  action: `Cannot read ${file}`,
  remedy: 'restore it from a copy, or start a new fit',
});

const textOf = (dir: string): string => {
  const text = textInside(dir, PLAN);
  if (text === undefined) throw new Error(`Cannot read ${join(dir, PLAN)}: it is not there; give the folder of a fit`);
  return text;
};

const write = <T extends object>(
  dir: string,
  { name, schema, value }: { name: string; schema: z.ZodType<T>; value: T },
): void => {
  const checked = check(value, { schema, action: `Cannot write ${join(dir, name)}`, remedy: 'correct that value' });
  writeInside(dir, [name], `${JSON.stringify(sealed(checked), null, 2)}\n`);
};

export const readFitPlan = (dir: string): FitPlan =>
  parseSealed(textOf(dir), { schema: plan, must: false, keys: Object.keys(plan.shape), ...words(join(dir, PLAN)) });
export const writeFitPlan = (dir: string, value: FitPlan): void => write(dir, { name: PLAN, schema: plan, value });

/** How the fit ended, or undefined while it has not. */
export const readFitOutcome = (dir: string): FitOutcome | undefined => {
  const text = textInside(dir, OUTCOME);
  if (text === undefined) return undefined;
  return parseSealed(text, { schema: outcome, must: isSealed(textOf(dir)), ...words(join(dir, OUTCOME)) });
};
export const writeFitOutcome = (dir: string, value: FitOutcome): void =>
  write(dir, { name: OUTCOME, schema: outcome, value });

/** The run folder of a part. Throws where a link lies in its place: it is written into, and must be of this folder. */
export const fitPartDir = (dir: string, name: FitPart): string => placeInside(dir, name);

/**
 * The run folder of a path: for a fit that of its best network, otherwise the path itself. Throws if the fit is not
 * finished.
 */
export const runDirOf = (dir: string): string => {
  if (!isFit(dir)) return dir;
  const outcome = readFitOutcome(dir);
  if (outcome === undefined)
    throw new Error(
      `Cannot use ${dir}: its fit must be finished, it is not; continue it with \`tailnas resume ${dir}\`, or name a ` +
        `part of it, such as ${join(dir, 'network')}`,
    );
  return fitPartDir(dir, outcome.best);
};
