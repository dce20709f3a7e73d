import { z } from 'zod';

const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const perComponent = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const index = z.int().nonnegative();

/** A JSON object whose keys belong to someone else: held as `unknown`, but checked to survive writing and reading. */
const isJson = (value: unknown): boolean => z.json().safeParse(value).success;
const json = { error: 'must hold JSON values only (no functions, no undefined, no NaN)' };
const jsonObject = z.record(z.string(), z.unknown()).refine(isJson, json);

/**
 * The discrete cell that a search arrives at, in the spelling of DARTS (Liu et al. 2019).
 * `nodes[i]` holds the kept incoming edges of intermediate node `i`; `from` 0 and 1 are the cell's inputs, 2 and up are
 * the earlier intermediate nodes; `concat` lists the nodes, numbered the same way, whose outputs the cell joins.
 */
export const cellGenotype = z.object({
  nodes: list(list(z.object({ op: z.string(), from: index }))),
  concat: list(index),
});
export type CellGenotype = z.infer<typeof cellGenotype>;

/** The cells of a whole network: for each component, the kinds of cell it has. The content of `genotype.json`. */
export const genotypes = perComponent(
  z.object({ normal: cellGenotype.exactOptional(), reduction: cellGenotype.exactOptional() }),
);
export type Genotypes = z.infer<typeof genotypes>;

/** Of the tool and what it stands on, by name. */
const versions = z.record(z.string(), z.string());

const accuracies = {
  loss: z.number(),
  accuracy: z.number(),
  meanPerClassAccuracy: z.number(),
  perClassAccuracy: list(z.number().nullable()),
};

/** How a network with two branches does on one split at each of several test-time mixings (1: the instance head alone, 0: the class head). */
export const sweep = list(z.object({ mixing: z.number(), ...accuracies }));
export type Sweep = z.infer<typeof sweep>;

/**
 * What one epoch leaves behind: one line of `metrics.jsonl`, from which every figure and table is made.
 * `epoch` counts over all phases, `t` is progress within the phase in [0, 1); accuracies are fractions in [0, 1], null for a
 * class without images; `sweep` is of the validation split, null for methods that do not mix; `gradNorm` has no entry for a frozen
 * component; `alpha` is component → kind → [edges, primitives]; `seconds` is wall-clock time; `versions` are there where they are not those that the run
 * began with; unknown keys are dropped on reading.
 */
export const epochRecord = z.object({
  phase: z.string(),
  epoch: index,
  t: z.number(),
  mixing: z.number().nullable(),
  weightLr: z.number(),
  archLr: perComponent(z.number()),
  trainLoss: z.number(),
  trainAccuracy: z.number(),
  validLoss: z.number(),
  validAccuracy: z.number(),
  perClassAccuracy: list(z.number().nullable()),
  sweep: sweep.nullable().default(null),
  gradNorm: z.object({ weights: perComponent(z.number()), alpha: perComponent(z.number()) }),
  alpha: perComponent(z.record(z.string(), list(list(z.number())))),
  genotype: genotypes,
  seconds: z.number(),
  imagesPerSecond: z.number(),
  peakMemoryBytes: z.number(),
  versions: versions.exactOptional(),
});
export type EpochRecord = z.infer<typeof epochRecord>;

const classCounts = list(index);

const scalar = z.union([z.number(), z.string()]);
const method = z.looseObject({
  label: z.string(),
  streams: list(z.string()),
  mixing: z.string().nullable(),
  archLr: z.record(z.string(), z.string()),
});

/** A whole experiment in plain data, schedules by their labels. `phases` follow the search; `switches` are what was changed of the method. */
export const recipeRecord = z
  .looseObject({
    name: z.string(),
    label: z.string(),
    paper: z.number().nullable(),
    method,
    loss: z.string(),
    settings: z.record(z.string(), scalar),
    switches: z.record(z.string(), scalar).default({}),
    phases: list(
      z.looseObject({
        name: z.string(),
        epochs: index,
        mixing: z.string().nullable(),
        archLr: z.record(z.string(), z.string()),
        frozen: list(z.string()),
      }),
    ).default([]),
  })
  .refine(isJson, json);
export type RecipeRecord = z.infer<typeof recipeRecord>;

/** What a run is and where it came from: the content of `run.json`, written once. `startedAt` is an ISO time. */
export const runInfo = z.object({
  format: z.literal(1),
  name: z.string(),
  recipe: recipeRecord,
  overrides: jsonObject,
  seed: z.int(),
  data: z.looseObject({
    spec: z.string(),
    name: z.string(),
    fingerprint: z.string(),
    classes: list(z.string()),
    counts: z.object({ train: classCounts, valid: classCounts, test: classCounts }),
  }),
  versions,
  device: z.string(),
  threads: z.int().positive(),
  command: list(z.string()),
  startedAt: z.iso.datetime({ offset: true }),
  /** The run whose first phases this one took over. */
  from: z.string().exactOptional(),
});
export type RunInfo = z.infer<typeof runInfo>;

const group = z.number().nullable();

/**
 * The result on the test split, written at the end: the content of `evaluation.json`.
 * `confusion` is [true class, predicted class] in images; `shots` are mean accuracies of the many-, medium- and few-shot classes, `ranks` of the
 * largest, middle and smallest classes, null where a group has no class. For methods that mix two branches, `mixing` is the test-time mixing that all of
 * this is measured at, and `sweep` holds both splits at several; else both are null.
 */
export const evaluation = z.object({
  split: z.literal('test'),
  mixing: z.number().nullable().default(null),
  ...accuracies,
  confusion: list(list(index)),
  shots: z.object({ many: group, medium: group, few: group }),
  ranks: z.object({ head: group, middle: group, tail: group }),
  sweep: z.object({ valid: sweep, test: sweep }).nullable().default(null),
});
export type Evaluation = z.infer<typeof evaluation>;
