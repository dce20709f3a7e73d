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
import { forecast, requireMemory } from '../forecast/index.js';
import { type FitPart, type FitPlan, fitPartDir, fitParts, openRun } from '../run/index.js';
import { sizesOf } from '../session/index.js';
import { type Length, leastSeconds, lengthWithin, type Pace, refuseBudget } from './budget.js';
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

const SEARCH_EPOCHS = { least: 2, most: 50 };
const TRAIN_EPOCHS = { least: 3, most: 300 };
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

/** All parts of a fit at a size, without the time they take. Those of the network apply to any cells of that size. */
const probed = async (size: FitSize, { dataset, options }: { dataset: Dataset; options: FitOptions }) => {
  const { seed, search = FIT_SEARCH, recipe = USUAL_RECIPE, flip } = options;
  const values = valuesOf(size, { dataset, recipe });
  const whats: Readonly<Record<FitPart, string>> = {
    search,
    network: 'search',
    random: RANDOM,
    resnet: size.resnet.what,
  };
  const pace = async (name: FitPart): Promise<Pace> => {
    const part = { what: whats[name], values: { ...values[name], epochs: 1 }, expectedSeconds: 0 };
    return measurePace(planOfPart(name, { part, fit: { seed, nodes: size.nodes }, dir: '' }), { dataset, flip });
  };
  const random = await pace('random');
  // The cells that will be found are not known yet.
  const paces = { search: await pace('search'), network: random, random, resnet: await pace('resnet') };
  return { size, values, whats, paces };
};
type Probed = Awaited<ReturnType<typeof probed>>;

const lengths = ({ paces }: Probed, seconds: number): Partial<Record<FitPart, Length>> =>
  Object.fromEntries(
    fitParts.flatMap((name) => {
      const bounds = name === 'search' ? SEARCH_EPOCHS : TRAIN_EPOCHS;
      const length = lengthWithin(SHARES[name] * seconds, paces[name], bounds);
      return length === undefined ? [] : [[name, length]];
    }),
  );

/** The budget that the smallest networks need. */
const needed = ({ paces }: Probed): number =>
  Math.max(
    ...fitParts.map((name) => {
      const { least } = name === 'search' ? SEARCH_EPOCHS : TRAIN_EPOCHS;
      return leastSeconds(paces[name], { least }) / SHARES[name];
    }),
  ) /
  (1 - SPARE);

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
    if ((lengths(larger, left()).network?.epochs ?? 0) < ENOUGH_EPOCHS) break;
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
  requireMemory(await forecast(plan, sizesOf(dataset), { loaded: true }), { action: 'fit' });
  // A random cell is trained exactly as long as the cell found: only the cells differ.
  return {
    nodes: size.nodes,
    parts: { search: part('search'), network: part('network'), random: part('random'), resnet: part('resnet') },
  };
};
