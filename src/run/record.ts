import { z } from 'zod';
import { evaluationProblem } from './consistent.js';
import { upgradeEvaluation, upgradeInfo, upgradeRecord } from './format1.js';
import { isPlainName } from './inside.js';

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
export const genotypes = z.record(
  z.string().refine(isPlainName, { error: 'a component must have a name that a file can have, without / or ..' }),
  z.object({ normal: cellGenotype.exactOptional(), reduction: cellGenotype.exactOptional() }),
);
export type Genotypes = z.infer<typeof genotypes>;

/** Of the tool and its foundations, by name. */
const versions = z.record(z.string(), z.string());

const share = z.number().min(0).max(1);

const accuracies = {
  loss: z.number(),
  meanPerClassAccuracy: share,
  accuracy: share,
  perClassAccuracy: list(share.nullable()),
};

/** Values by the name of what they set, such as `{ mixing: 0.3 }`. */
const knobs = z.record(z.string(), z.number());

/** How a network does on one split at each of several settings: `at` says which, such as a test-time mixing. */
export const answers = list(z.object({ at: knobs, ...accuracies }));
export type Answers = z.infer<typeof answers>;

/**
 * What one epoch leaves behind: one line of `metrics.jsonl`, from which every figure and table is made. `kind` says
 * which learner wrote it; `epoch` counts over all phases, `t` is progress within the phase in [0, 1); `knobs` are the
 * values of the phase's schedules; accuracies are fractions in [0, 1], null for a class without images, and null
 * altogether where no image validates; `answers` is of the validation split, null for networks that give one answer;
 * `gradNorm` is by what has a gradient (`weights`, `alpha`), then by component, without an entry for a frozen one;
 * `alpha` is component → kind → [edges, primitives] and `opWeights` what the relaxation makes of it; `operations` are
 * the names of alpha's columns on each edge, where an edge has not all of the space's; `eigenvalue` is the dominant one
 * of the validation loss's Hessian in alpha; `seconds` is wall-clock time; `versions` are there where they are not
 * those that the run began with. Other keys are a learner's own.
 */
const epoch = z.object({
  kind: z.string(),
  phase: z.string(),
  epoch: index,
  t: z.number(),
  knobs,
  trainLoss: z.number(),
  trainAccuracy: z
    .number()
    .min(0)
    .max(1 + 1e-6), // shares of mixed labels add up to 1 except for rounding
  validLoss: z.number().nullable(),
  validAccuracy: share.nullable(),
  perClassAccuracy: list(share.nullable()).nullable(),
  answers: answers.nullable(),
  gradNorm: perComponent(perComponent(z.number())),
  alpha: perComponent(z.record(z.string(), list(list(z.number())))).exactOptional(),
  opWeights: perComponent(z.record(z.string(), list(list(z.number())))).exactOptional(),
  operations: perComponent(z.record(z.string(), list(list(z.string())))).exactOptional(),
  genotype: genotypes.exactOptional(),
  eigenvalue: z.number().exactOptional(),
  candidates: z.object({ evaluated: index, best: z.number() }).exactOptional(),
  seconds: z.number(),
  imagesPerSecond: z.number(),
  peakMemoryBytes: z.number(),
  versions: versions.exactOptional(),
});
export type EpochRecord = z.infer<typeof epoch>;
export const epochRecord: z.ZodType<EpochRecord> = z.preprocess(upgradeRecord, epoch.loose());

const classCounts = list(index);
const labels = z.record(z.string(), z.string());
export const scalar = z.union([z.number(), z.string(), z.boolean()]);
export type Scalar = z.infer<typeof scalar>;

/** Where the cells of a network come from: a search, with all but the seed that makes two of them one method. */
const foundBy = z.object({
  name: z.string(),
  seed: z.int(),
  options: z.record(z.string(), scalar),
  /** Of the data that it searched on; none for cells drawn at random. */
  fingerprint: z.string().exactOptional(),
});
export type FoundBy = z.infer<typeof foundBy>;

/**
 * A whole experiment in plain data. `options` are all its options as the command line spells them, `phases` its phases
 * in order with the labels of their schedules, `streams` how each batch of a step is drawn, `space` the candidate
 * operations, `network` what is trained (null for a search), with the search that found its cells where that is known.
 */
const experimentShape = z.object({
  kind: z.string(),
  name: z.string(),
  label: z.string(),
  paper: z.number().nullable(),
  method: z.string(),
  options: z.record(z.string(), scalar),
  streams: list(z.object({ part: z.string(), sampling: z.string() })),
  space: z.looseObject({ name: z.string(), primitives: list(z.string()) }).nullable(),
  network: z
    .looseObject({ name: z.string(), genotypes: genotypes.nullable(), search: foundBy.exactOptional() })
    .nullable(),
  phases: list(
    z.looseObject({
      name: z.string(),
      epochs: index,
      knobs: labels,
      frozen: list(z.string()),
    }),
  ),
});
export type ExperimentRecord = z.infer<typeof experimentShape>;
export const experimentRecord: z.ZodType<ExperimentRecord> = experimentShape.loose().refine(isJson, json);

/** More than any machine has: a run.json may be from a stranger. */
const MOST_THREADS = 4096;

/** Of run.json, as it is written; format 1 is read. */
export const FORMAT = 2;

/**
 * What a run is and where it came from: the content of `run.json`, written once. `overrides` are the scale and the
 * sizes that were asked for, `changes` what was asked for of the method; `startedAt` is an ISO time. Runs of format 1
 * are read as if they were of format 2; what they did not record is null.
 */
const infoShape = z.object({
  format: z.literal(FORMAT),
  name: z.string(),
  experiment: experimentRecord,
  overrides: jsonObject,
  changes: z.record(z.string(), scalar),
  seed: z.int(),
  data: z
    .looseObject({
      spec: z.string(),
      name: z.string(),
      fingerprint: z.string(),
      classes: list(z.string()),
      counts: z.object({ train: classCounts, valid: classCounts, test: classCounts }),
      /** Training images of each class before they were thinned out. */
      available: classCounts.exactOptional(),
      channels: z.int().positive().nullable(),
      imageSize: z.int().positive().nullable(),
      /** Of each channel, of pixels in 0…1. */
      mean: list(z.number()).nullable(),
      std: list(z.number()).nullable(),
      /** How an image of another shape is brought to the size. */
      fit: z.string().nullable(),
    })
    .refine(({ classes, counts }) => Object.values(counts).every((of) => of.length === classes.length), {
      error: 'counts must have a number for each class',
    }),
  /** Of the network: weights, and multiply-adds for one image when it is tested; runs of older versions have none. */
  size: z.object({ weights: z.int(), multiplyAdds: z.int() }).exactOptional(),
  versions,
  host: z.looseObject({ name: z.string(), processor: z.string(), cores: z.int() }).nullable(),
  device: z.string(),
  threads: z.int().positive().max(MOST_THREADS),
  /**
   * How many processes carry it out, where they are several: each has its share of every batch, whose statistics its
   * batch norms use; gradients and running statistics are means over all.
   */
  processes: z.int().min(2).exactOptional(),
  command: list(z.string()),
  startedAt: z.iso.datetime({ offset: true }),
  /** The run whose first phases this one took over. */
  from: z.string().exactOptional(),
  /** The data of so many first epochs, where that run had others; `valid` has their validation images per class. */
  adaptedFrom: z
    .object({ epochs: z.int(), name: z.string(), fingerprint: z.string(), valid: classCounts })
    .exactOptional(),
});
export const runInfo = z.preprocess(upgradeInfo, infoShape);

/** What run.json may hold at its top: format 1 has a recipe in place of the experiment. */
export const runInfoKeys: readonly string[] = [...Object.keys(infoShape.shape), 'recipe'];
export type RunInfo = z.infer<typeof runInfo>;

const group = share.nullable();
const shares = list(z.number());
const underPrior = z.object({ name: z.string(), prior: shares, unadjusted: z.number(), adjusted: z.number() });

/**
 * The result on the test split, written at the end: the content of `evaluation.json`.
 * `confusion` is [true class, predicted class] in images; `shots` are mean accuracies of the many-, medium- and
 * few-shot classes, `ranks` of the largest, middle and smallest classes, null where a group has no class. For networks
 * that answer at several settings, `at` is the one that all of this is measured at, and `answers` holds both splits at
 * every one; else `at` is empty and `answers` null. `priors` has the class prior that the logits assume, and the
 * accuracy to be expected where classes have other shares (`uniform`, `training`), of the logits as they are and
 * adjusted to these shares; runs of older versions have none.
 */
export const evaluation = z.preprocess(
  upgradeEvaluation,
  z
    .object({
      split: z.literal('test'),
      at: knobs,
      ...accuracies,
      confusion: list(list(index)),
      shots: z.object({ many: group, medium: group, few: group }),
      ranks: z.object({ head: group, middle: group, tail: group }),
      answers: z.object({ valid: answers, test: answers }).nullable(),
      priors: z.object({ assumed: shares, tests: list(underPrior) }).exactOptional(),
    })
    .superRefine((value, context) => {
      const message = evaluationProblem(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }),
);
export type Evaluation = z.infer<typeof evaluation>;
