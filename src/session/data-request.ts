import { resolve } from 'node:path';
import { z } from 'zod';
import {
  type Dataset,
  type DatasetPlan,
  dataNames,
  fits,
  imbalances,
  type PlanOptions,
  type Progress,
  planDataset,
  splits,
} from '../data/index.js';
import { type DataSizes, requireDataMemory } from '../forecast/index.js';
import { type DataOrigin, fromOrigin } from './data-origin.js';

/** Which data a run learns from, and how its long tail is made: what flags ask for, and what run.json records. */
export const dataRequest = z
  .object({
    /** A known name or a path; see planDataset. */
    spec: z.string(),
    /** The data set's own habit unless said, or `exp` where a ratio is. */
    imbalance: z.enum(imbalances).optional(),
    imbalanceRatio: z.number().optional(),
    imageSize: z.number().optional(),
    testShare: z.number().optional(),
    skipCorrupt: z.boolean().optional(),
    /** Refuse files that can be read although something is wrong with them. */
    strict: z.boolean().optional(),
    /** How an image of another shape is brought to the size; `cover` unless said. */
    fit: z.enum(fits).optional(),
    /** A table of file names and labels, for images that are in no class folders. */
    labels: z.string().optional(),
    /** Look for nearly equal images in different parts or under two classes. */
    nearDuplicates: z.boolean().optional(),
    /** Bring the images of a folder to one channel. */
    grey: z.boolean().optional(),
    /** Mirror images in training; the data set's own habit unless said. */
    flip: z.boolean().optional(),
    /** `all`: the validation images are trained on as well, and nothing is validated. */
    split: z.enum(splits).optional(),
  })
  .readonly();
export type DataRequest = z.infer<typeof dataRequest>;

/** The spec of data that were given in memory. */
export const IN_MEMORY = 'in memory';

/** The request that a run.json holds. Throws when it is damaged. */
export const requestOf = (value: unknown, { run }: { run: string }): DataRequest => {
  const found = dataRequest.safeParse(value);
  if (found.success) return found.data;
  throw new Error(`Cannot continue ${run}: the data request in run.json is damaged; restore it from a copy`);
};

/**
 * The request as run.json keeps it: with what it left to the data set, and so that a run is resumed from any folder.
 */
export const recordedRequest = (
  data: DataRequest,
  { tail, testShare }: Partial<Pick<DatasetPlan, 'tail' | 'testShare'>> = {},
): DataRequest => ({
  ...data,
  ...tail,
  ...(testShare === undefined ? {} : { testShare }),
  spec: [IN_MEMORY, ...dataNames()].includes(data.spec) ? data.spec : resolve(data.spec),
  ...(data.labels === undefined ? {} : { labels: resolve(data.labels) }),
});

/** Data as a request asks for it, planned: nothing is decoded yet. `origin` is the run that named them, if one did. */
export const planData = (
  { spec, flip: _, grey, ...options }: DataRequest,
  { onProgress, origin }: { onProgress?: Progress | undefined; origin?: DataOrigin | undefined } = {},
): Promise<DatasetPlan> =>
  fromOrigin(origin, () =>
    planDataset(spec, { ...options, channels: grey ? 1 : undefined, onProgress } satisfies PlanOptions),
  );

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** What a forecast has to know of planned data. */
export const sizesOf = ({
  classes,
  channels,
  imageSize,
  counts,
}: Pick<DatasetPlan, 'classes' | 'channels' | 'imageSize' | 'counts'>): DataSizes => ({
  classes: classes.length,
  channels,
  imageSize,
  trainImages: sum(counts.train),
  validImages: sum(counts.valid),
  testImages: sum(counts.test),
});

/** Throws a MemoryError where planned data have more pixels than can be in memory. `force` lets it be tried. */
export const requireRoom = (
  { counts, imageSize, channels }: Omit<DatasetPlan, 'load' | 'check' | 'same'>,
  { force }: { force?: boolean | undefined } = {},
): void => {
  const sets = [counts.train, counts.valid, counts.test].map(sum);
  requireDataMemory({ images: sum(sets), largestSet: Math.max(...sets), imageSize, channels }, { force });
};

/**
 * `ready` is called when the data is known to be there, before images are decoded: other things that can be wrong
 * should be found as early.
 */
export const loadData = async (
  data: DataRequest,
  {
    onProgress,
    origin,
    ready,
    force,
  }: {
    onProgress: Progress | undefined;
    origin: DataOrigin | undefined;
    ready: () => void;
    force?: boolean | undefined;
  },
): Promise<Dataset> => {
  const plan = await planData(data, { onProgress, origin });
  ready();
  requireRoom(plan, { force });
  return plan.load();
};
