import { z } from 'zod';

const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const perComponent = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const index = z.int().nonnegative();

/** A JSON object whose keys belong to someone else: held as `unknown`, but checked to survive writing and reading. */
const jsonObject = z.record(z.string(), z.unknown()).refine((value) => z.json().safeParse(value).success, {
  error: 'must hold JSON values only (no functions, no undefined, no NaN)',
});

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

/**
 * What one epoch leaves behind: one line of `metrics.jsonl`, from which every figure and table is made.
 * `t` is progress in [0, 1]; accuracies are fractions in [0, 1], null for a class without images; `alpha` is
 * component → kind → [edges, primitives]; `seconds` is wall-clock time; unknown keys are dropped on reading.
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
  gradNorm: z.object({ weights: perComponent(z.number()), alpha: perComponent(z.number()) }),
  alpha: perComponent(z.record(z.string(), list(list(z.number())))),
  genotype: genotypes,
  seconds: z.number(),
  imagesPerSecond: z.number(),
  peakMemoryBytes: z.number(),
});
export type EpochRecord = z.infer<typeof epochRecord>;

const classCounts = list(index);

/** What a run is and where it came from: the content of `run.json`, written once. `startedAt` is an ISO time. */
export const runInfo = z.object({
  format: z.literal(1),
  name: z.string(),
  recipe: jsonObject,
  overrides: jsonObject,
  seed: z.int(),
  data: z.looseObject({
    spec: z.string(),
    name: z.string(),
    fingerprint: z.string(),
    classes: list(z.string()),
    counts: z.object({ train: classCounts, valid: classCounts, test: classCounts }),
  }),
  versions: z.record(z.string(), z.string()),
  device: z.string(),
  threads: z.int().positive(),
  command: list(z.string()),
  startedAt: z.iso.datetime({ offset: true }),
});
export type RunInfo = z.infer<typeof runInfo>;

/**
 * The result on the test split, written at the end: the content of `evaluation.json`.
 * `confusion` is [true class, predicted class] in images; `shots` are mean accuracies of the many-, medium- and
 * few-shot classes, null where a group has no class.
 */
export const evaluation = z.object({
  split: z.literal('test'),
  loss: z.number(),
  accuracy: z.number(),
  meanPerClassAccuracy: z.number(),
  perClassAccuracy: list(z.number().nullable()),
  confusion: list(list(index)),
  shots: z.object({ many: z.number().nullable(), medium: z.number().nullable(), few: z.number().nullable() }),
});
export type Evaluation = z.infer<typeof evaluation>;
