import type { Dataset } from '../data/index.js';
import {
  experiments,
  networkOf,
  type Plan,
  RANDOM,
  type TrainingRecipeName,
  training,
  USUAL_RECIPE,
  type Values,
} from '../experiment/index.js';
import { type ExpectedEpoch, forecast, requireMemory } from '../forecast/index.js';
import { totalEpochs } from '../loop/index.js';
import { type FitPart, type FitPlan, fitPartDir, fitParts, openRun } from '../run/index.js';
import { fitting, sizesOf } from '../session/index.js';
import { type Bounds, type Length, leastSeconds, lengthWithin, type Pace, refuseBudget } from './budget.js';
import { measurePace } from './pace.js';
import { batchFor, type FitSize, fitSizes } from './sizes.js';

/** What a fit is asked to do, without its data. */
export interface FitOptions {
  readonly budgetSeconds: number;
  readonly seed: number;
  readonly device: string;
  readonly threads: number;
  /** Whether images may be mirrored in training; as the data set has it unless said. */
  readonly flip?: boolean | undefined;
  /** The search, by its name. */
  readonly search?: string | undefined;
  /** How the networks are trained. */
  readonly recipe?: TrainingRecipeName | undefined;
}

/** Twice as fast as a search with two branches, and no worse on a balanced test than most of them. */
export const FIT_SEARCH = 'darts-resampling';

/**
 * Shares of the time. The ResNet gets as long as the search and the training of its network: what a user could do
 * instead.
 */
const SHARES: Readonly<Record<FitPart, number>> = { search: 0.17, network: 0.22, random: 0.22, resnet: 0.39 };
/** Left for loading, checkpoints, pictures and the page. */
const SPARE = 0.05;

const SEARCH_EPOCHS: Bounds = { least: 2, most: 50 };
const TRAIN_EPOCHS: Bounds = { least: 3, most: 300 };
/** With fewer epochs than these a smaller network gets further. */
const ENOUGH_EPOCHS = 30;
/** Below it, dropping operations costs more than it helps. */
const DROP_FROM = 50;

type Part = FitPlan['parts'][FitPart];

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const rounded = (value: number): number => Number(value.toPrecision(4));

/**
 * The plan of a part, as it is carried out. `dir` is the folder of the fit, whose search must be done for its network.
 */
export const planOfPart = (
  name: FitPart,
  { part: { what, values }, fit, dir }: { part: Part; fit: Pick<FitPlan, 'seed' | 'nodes'>; dir: string },
): Plan => {
  if (name === 'search') return experiments.named(what).with(values);
  const word = name === 'network' ? fitPartDir(dir, 'search') : what;
  // fit.json may be from a stranger: what it names is a network, never a file.
  const network = networkOf(word, { seed: fit.seed, nodes: fit.nodes, paths: name === 'network', openRun });
  return training(network, { what: word }).with(values);
};

/** Values of every part at a size, without its length. */
const valuesOf = (
  size: FitSize,
  { dataset, recipe }: { dataset: Dataset; recipe: TrainingRecipeName },
): Readonly<Record<FitPart, Values>> => {
  const batchSize = batchFor(sum(dataset.counts.train));
  const cells: Values = {
    ...size.network,
    batchSize,
    recipe,
    lr: rounded((0.025 * batchSize) / 64),
    cutout: Math.floor(dataset.imageSize / 2),
    auxiliary: size.auxiliary,
  };
  return {
    search: { ...size.search, batchSize: Math.min(batchSize, 32) },
    network: cells,
    random: cells,
    resnet: { ...size.resnet.values, batchSize, recipe, lr: rounded((0.05 * batchSize) / 64) },
  };
};

type PlanAt = (epochs: number) => Plan;

/** How many epochs a part may have: a search in stages has a multiple of them. */
const boundsOf = (name: FitPart, planAt: PlanAt): Bounds => {
  const { least, most } = name === 'search' ? SEARCH_EPOCHS : TRAIN_EPOCHS;
  const takes = (epochs: number): boolean => {
    try {
      return planAt(epochs) !== undefined;
    } catch {
      return false;
    }
  };
  const multiple = Array.from({ length: most }, (_, i) => i + 1).find(takes);
  // None: the search cannot be made at all, and says why.
  if (multiple === undefined) return planAt(most) && { least, most };
  return { least: Math.ceil(least / multiple) * multiple, most, multiple };
};

/** Whether a plan is nothing but as many equal epochs as are asked for. */
const isPlain = ({ phases, values }: Plan): boolean =>
  phases.length === 1 && totalEpochs(phases) === values['epochs'] && !values['eigenvalue'];

const secondsOf = ({ first, steps, perStep, last }: ExpectedEpoch): number => first + steps * perStep + last;

/** What a plan takes beside epochs like its first, by forecasts of two lengths. `epochSeconds`: what those take. */
const extraOf = async (
  planAt: PlanAt,
  { dataset, least, epochSeconds }: { dataset: Dataset; least: number; epochSeconds: number },
): Promise<Pick<Pace, 'perEpoch' | 'besides'>> => {
  if (isPlain(planAt(least))) return {};
  /** In epochs of the first phase that are steps alone. */
  const epochsOf = async (epochs: number): Promise<number> => {
    const plan = planAt(epochs);
    const { expectedEpochs: all } = await fitting(plan, () => forecast(plan, sizesOf(dataset), { loaded: true }));
    const [first] = all;
    return first === undefined ? epochs : sum(all.map(secondsOf)) / secondsOf({ ...first, first: 0 });
  };
  const [short, long] = [await epochsOf(least), await epochsOf(2 * least)];
  const perEpoch = Math.max(1, (long - short) / least);
  return { perEpoch, besides: Math.max(0, short - least * perEpoch) * epochSeconds };
};

/** All parts of a fit at a size, without the time they take. Those of the network apply to any cells of that size. */
const probed = async (size: FitSize, { dataset, options }: { dataset: Dataset; options: FitOptions }) => {
  const { seed, device, search = FIT_SEARCH, recipe = USUAL_RECIPE, flip } = options;
  const values = valuesOf(size, { dataset, recipe });
  const whats: Readonly<Record<FitPart, string>> = {
    search,
    network: 'search',
    random: RANDOM,
    resnet: size.resnet.what,
  };
  const timed = async (name: FitPart): Promise<{ pace: Pace; bounds: Bounds }> => {
    const planAt = (epochs: number): Plan => {
      const part = { what: whats[name], values: { ...values[name], epochs }, expectedSeconds: 0 };
      return planOfPart(name, { part, fit: { seed, nodes: size.nodes }, dir: '' });
    };
    const bounds = boundsOf(name, planAt);
    const pace = await measurePace(planAt(bounds.least), { dataset, flip, device });
    const epochSeconds = pace.stepsPerEpoch * pace.perStep + pace.perValidation;
    return { pace: { ...pace, ...(await extraOf(planAt, { dataset, ...bounds, epochSeconds })) }, bounds };
  };
  const random = await timed('random');
  // The cells that will be found are not known yet.
  const times = { search: await timed('search'), network: random, random, resnet: await timed('resnet') };
  return { size, values, whats, times };
};
type Probed = Awaited<ReturnType<typeof probed>>;

const lengths = ({ times }: Probed, seconds: number): Partial<Record<FitPart, Length>> =>
  Object.fromEntries(
    fitParts.flatMap((name) => {
      const { pace, bounds } = times[name];
      const length = lengthWithin(SHARES[name] * seconds, pace, bounds);
      return length === undefined ? [] : [[name, length]];
    }),
  );

/** The budget that the smallest networks need. */
const needed = ({ times }: Probed): number =>
  Math.max(...fitParts.map((name) => leastSeconds(times[name].pace, times[name].bounds) / SHARES[name])) / (1 - SPARE);

/**
 * Decides how large the networks of a fit are and how long each part runs, so that it ends within its budget. It takes
 * the largest size whose networks get enough epochs. Times are measured with a few steps of throw-away networks.
 * `spent` are the seconds already used. Throws a BudgetError where nothing fits, a MemoryError where memory is missing.
 */
export const planFit = async (
  dataset: Dataset,
  options: FitOptions,
  { spent }: { spent: () => number },
): Promise<Pick<FitPlan, 'nodes' | 'parts'>> => {
  const { budgetSeconds } = options;
  const images = sum(dataset.counts.train);
  const left = (): number => Math.max(0, budgetSeconds - spent()) * (1 - SPARE);
  let best = await probed(fitSizes[0], { dataset, options });
  for (const size of fitSizes.slice(1)) {
    const enough = (lengths(best, left()).network?.epochs ?? 0) >= 2 * ENOUGH_EPOCHS;
    if (!enough || images < size.fromImages) break;
    const larger = await probed(size, { dataset, options });
    const { network, search } = lengths(larger, left());
    if ((network?.epochs ?? 0) < ENOUGH_EPOCHS || search === undefined) break;
    best = larger;
  }
  const { size, values, whats } = best;
  const long = lengths(best, left());
  const part = (name: FitPart): Part => {
    const length = long[name] ?? refuseBudget(budgetSeconds, { needed: needed(best) + spent() });
    const { epochs, steps, seconds } = length;
    const dropPath = epochs < DROP_FROM ? { dropPath: 0 } : {};
    const own = name === 'network' || name === 'random' ? dropPath : {};
    return { what: whats[name], values: { ...values[name], ...own, epochs, steps }, expectedSeconds: seconds };
  };
  const plan = planOfPart('search', { part: part('search'), fit: { ...options, nodes: size.nodes }, dir: '' });
  // Of other devices than the CPU nothing is known.
  if (options.device === 'cpu')
    requireMemory(await fitting(plan, () => forecast(plan, sizesOf(dataset), { loaded: true })), { action: 'fit' });
  // A random cell is trained exactly as long as the cell found: only the cells differ.
  return {
    nodes: size.nodes,
    parts: { search: part('search'), network: part('network'), random: part('random'), resnet: part('resnet') },
  };
};
