import { cellKinds } from '../net/index.js';
import { kebab } from './option.js';
import type { SearchOptions } from './search-options.js';
import { convolutions } from './stop.js';

/** Operations that every edge must keep, besides `none`: one of them may be a skip connection. */
const LEAST_OPS = 2;

/** An option that must not be combined with another, and why. */
interface Rule {
  readonly broken: (o: SearchOptions) => boolean;
  readonly says: (o: SearchOptions) => string;
}

const choicesOf = ({ primitives }: SearchOptions['space']): number =>
  primitives.filter(({ name }) => name !== 'none').length;

const on = ({ label }: { readonly label: string }): boolean => label !== 'constant(0)';

/** How to do without eigenvalues, which a stop rule may look at. */
const withoutEigenvalue = ({ needs }: SearchOptions['stop']): string =>
  `--eigenvalue 0${needs === 'eigenvalue' ? ' --stop never' : ''}`;

const rules: readonly Rule[] = [
  {
    broken: ({ order, relax }) => order === 2 && relax.samples === true,
    says: ({ relax }) =>
      `--order 2 with --relax ${relax.label}: it compares passes, and each would draw other weights; use --order 1`,
  },
  {
    broken: ({ order, archData }) => order === 2 && archData === 'train',
    says: () => '--order 2 with --arch-data train: there is no validation loss to look ahead for; use --order 1',
  },
  {
    broken: ({ temperature, relax }) =>
      temperature.label !== 'constant(1)' && !(relax.knobs ?? []).includes('temperature'),
    says: ({ relax, temperature }) =>
      `--relax ${relax.label} with --temperature "${temperature.label}": it has no temperature; use --temperature ` +
      '"constant(1)", or --relax softmax, gumbel or sampled',
  },
  {
    broken: ({ perturbation, relax }) => on(perturbation) && !(relax.knobs ?? []).includes('perturbation'),
    says: ({ relax, perturbation }) =>
      `--relax ${relax.label} with --perturbation "${perturbation.label}": only weights that add up to 1 are ` +
      'perturbed; use --perturbation "constant(0)", or --relax softmax',
  },
  {
    broken: ({ partial, channels }) => channels % partial !== 0,
    says: ({ partial, channels }) =>
      `--partial ${partial} with --channels ${channels}: channels must be a multiple of it; change one of them`,
  },
  {
    broken: ({ archData, archSampling }) => archData === 'train' && archSampling !== 'same',
    says: () => '--arch-sampling with --arch-data train: alpha learns from the batches of the weights; drop one',
  },
  {
    broken: ({ archData, archLoss }) => archData === 'train' && archLoss.loss !== undefined,
    says: () => '--arch-loss with --arch-data train: alpha learns from the pass of the weights and its loss; drop one',
  },
  {
    broken: ({ stop, eigenvalue }) => stop.needs === 'eigenvalue' && eigenvalue === 0,
    says: ({ stop }) => `--stop "${stop.label}" without eigenvalues: it looks at them; add --eigenvalue 2`,
  },
  {
    broken: ({ stop, space }) => stop.label.startsWith('stable') && convolutions(space).length < 2,
    says: ({ stop, space }) =>
      `--stop "${stop.label}" with --space ${space.name}: it compares the order of operations with "conv" in their ` +
      'names, and there must be 2 of them; use --stop skips or --stop eigenvalue',
  },
  {
    broken: ({ stop, layers, stages }) =>
      stop.label.startsWith('skips') && !cellKinds(layers + Math.max(...stages.values)).includes('normal'),
    says: ({ stop, layers }) =>
      `--stop "${stop.label}" with --layers ${layers}: it counts skip connections of normal cells, and there are ` +
      'none; use --layers 3 or more',
  },
  {
    broken: ({ stages, epochs }) => epochs % stages.values.length !== 0,
    says: ({ stages: { label, values }, epochs }) =>
      `--stages "${label}" with --epochs ${epochs}: epochs must be a multiple of its ${values.length} stages; use ` +
      `--epochs ${values.length * Math.max(1, Math.round(epochs / values.length))}`,
  },
  ...(['drops', 'skipDropout'] as const).map(
    (name): Rule => ({
      broken: ({ stages, [name]: { values } }) => values.length !== 1 && values.length !== stages.values.length,
      says: ({ stages, [name]: { label } }) =>
        `--${kebab(name)} "${label}" with --stages "${stages.label}": it must have a number for each stage` +
        (name === 'drops' ? '' : ', or one for all'),
    }),
  ),
  {
    broken: ({ drops: { values } }) => values[0] !== 0,
    says: ({ drops: { label } }) =>
      `--drops "${label}": the first stage has all operations; its first number must be 0, as in "0, 3, 2"`,
  },
  {
    broken: ({ drops: { values }, space }) => values.reduce((a, b) => a + b, 0) > choicesOf(space) - LEAST_OPS,
    says: ({ drops: { label }, space: { name, primitives } }) =>
      `--drops "${label}" with --space ${name}: of its ${primitives.length} operations at least ${LEAST_OPS} other ` +
      'than none must be left on each edge; drop fewer',
  },
  {
    broken: ({ order, skipDropout: { values } }) => order === 2 && values.some((p) => p > 0),
    says: ({ skipDropout: { label } }) =>
      `--order 2 with --skip-dropout "${label}": it compares passes, and each would drop out others; use --order 1`,
  },
  {
    broken: ({ projection, stages }) => projection > 0 && stages.values.length > 1,
    says: ({ stages: { label } }) =>
      `--projection with --stages "${label}": each chooses operations in its own way; use --projection 0`,
  },
  {
    broken: ({ projection, partial }) => projection > 0 && partial > 1,
    says: ({ partial }) =>
      `--projection with --partial ${partial}: an edge without its operation would still let channels pass; use ` +
      '--partial 1',
  },
  {
    broken: ({ projection, relax }) => projection > 0 && relax.label.includes('sampled'),
    says: ({ relax }) =>
      `--projection with --relax ${relax.label}: one operation runs per edge, so removing another changes nothing; ` +
      'use --projection 0',
  },
  {
    broken: ({ projection, selector }) => projection > 0 && selector.label !== 'darts',
    says: ({ selector }) =>
      `--projection with --selector ${selector.label}: what it decides would be chosen again; use --selector darts`,
  },
  {
    broken: ({ perturbation, archData }) => on(perturbation) && archData === 'train',
    says: () =>
      '--perturbation with --arch-data train: weights and alpha share a pass, alpha must not be perturbed; drop one',
  },
  {
    broken: ({ drops, stages: { values }, layers }) =>
      drops.values.some((n) => n > 0) &&
      cellKinds(layers + Math.max(...values)).length > cellKinds(layers + (values[0] ?? 0)).length,
    says: ({ layers, stages: { label } }) =>
      `--drops with --layers ${layers} and --stages "${label}": the first stage must have normal cells as the last ` +
      'has, to know what their edges lose; use --layers 3 or more',
  },
  {
    broken: ({ eigenvalue, relax }) => eigenvalue > 0 && relax.label.includes('dirichlet'),
    says: ({ relax, stop }) =>
      `--eigenvalue with --relax ${relax.label}: it compares passes, and each would draw other weights; use ` +
      withoutEigenvalue(stop),
  },
  {
    broken: ({ eigenvalue, relax }) => eigenvalue > 0 && relax.label.includes('sampled'),
    says: ({ relax, stop }) =>
      `--eigenvalue with --relax ${relax.label}: one operation runs per edge, so the loss is not smooth in alpha; ` +
      `use ${withoutEigenvalue(stop)}`,
  },
];

/** Throws a RangeError on options that make no sense together, before anything is built. */
export const requireCompatible = (o: SearchOptions): void => {
  const found = rules.find(({ broken }) => broken(o));
  if (found !== undefined) throw new RangeError(`Cannot use ${found.says(o)}`);
};

const ofStage = ({ values }: SearchOptions['stages']): string => (values.length > 1 ? ' of a stage' : '');

const leastEpochs = (o: SearchOptions): number => o.stop.least?.(o) ?? 1;

/** Epochs of a stage in which alpha learns. */
const learningEpochs = ({ epochs, stages, archWarmup }: SearchOptions): number => {
  const own = epochs / stages.values.length;
  return Array.from({ length: own }, (_, epoch) => epoch / own).filter((t) => t >= archWarmup).length;
};

/** What an operation must weigh to be kept, where the selector has such a rule. */
const leastWeight = ({ label }: SearchOptions['selector']): number =>
  Number(/^threshold\((.+)\)$/.exec(label)?.[1] ?? 0);

/** What is allowed, but hardly meant. */
const advice: readonly Rule[] = [
  {
    broken: (o) => learningEpochs(o) === 0,
    says: ({ archWarmup, stages }) =>
      `alpha is not trained in any epoch${ofStage(stages)}: --arch-warmup ${archWarmup} is too long; ` +
      'take more --epochs',
  },
  {
    broken: (o) => learningEpochs(o) > 0 && leastEpochs(o) > learningEpochs(o),
    says: (o) =>
      `--stop "${o.stop.label}" cannot end the search: it needs ${leastEpochs(o)} epochs${ofStage(o.stages)} in ` +
      `which alpha learns, there are ${learningEpochs(o)}`,
  },
  {
    broken: ({ selector, relax }) => leastWeight(selector) > 0.5 && !relax.label.includes('sigmoid'),
    says: ({ selector, relax }) =>
      `--selector "${selector.label}" with --relax ${relax.label}: the weights of an edge add up to 1, so hardly any ` +
      'may reach it, and nodes keep one edge; use --relax sigmoid, or --selector darts',
  },
  {
    broken: ({ archLr }) => archLr === 0,
    says: () => 'alpha is not trained: --arch-lr is 0; the cells found are those of chance',
  },
];

/** What a user should know of the options before the run starts. */
export const methodNotices = (o: SearchOptions): string[] =>
  advice.filter(({ broken }) => broken(o)).map(({ says }) => says(o));

const NO_ALPHA = 'it runs whole architectures, there is no alpha';

/** Options of differentiable searches that make no sense where whole architectures are run, and why. */
export const refusedOfPopulations: Readonly<Record<string, string>> = {
  order: `${NO_ALPHA} that a gradient could be taken of; leave it out`,
  archLr: `${NO_ALPHA} that could learn; leave it out`,
  archOptimizer: `${NO_ALPHA} that could learn; leave it out`,
  archWeightDecay: `${NO_ALPHA} that could decay; leave it out`,
  archData: `${NO_ALPHA} that could learn; architectures are compared on validation images`,
  archLoss: `${NO_ALPHA} that could learn; architectures are compared by accuracy`,
  archSampling: `${NO_ALPHA}; --candidate-sampling decides which images architectures are compared on`,
  archWarmup: `${NO_ALPHA} that could wait; leave it out`,
  relax: 'operations are on or off, none is weighed; leave it out',
  temperature: 'operations are on or off, none is weighed; leave it out',
  perturbation: 'operations are on or off, there are no weights to perturb; leave it out',
  selector: 'it evaluates architectures as they are, two edges per node, and keeps the best; leave it out',
  partial: 'its architectures run at full width; leave it out',
  auxiliarySkip: 'an auxiliary skip connection stabilises alpha, and there is none; leave it out',
  eigenvalue: `${NO_ALPHA} in which the loss could be sharp; leave it out`,
  stop: 'stop rules use alpha or the cell derived from it; give fewer --epochs instead',
  freeze: `${NO_ALPHA} whose learning could be frozen softly; leave it out`,
  stages: 'it trains one network, all architectures share its weights; leave it out',
  drops: 'operations are drawn evenly, none is dropped; leave it out',
  skipDropout: 'it belongs to searches that weigh operations; leave it out',
  projection: 'it compares whole architectures, not operations of an edge; leave it out',
};

const TWO_BRANCHES = 'it has one branch; use darts-bbn or hls';

/** Options of searches with two branches, and why one branch has none of them. */
export const refusedOfPlain: Readonly<Record<string, string>> = {
  bilateral: TWO_BRANCHES,
  mixing: TWO_BRANCHES,
  bnScope: TWO_BRANCHES,
  logitScale: TWO_BRANCHES,
  freeze: 'it has one branch, there is nothing to freeze softly; use hls',
};
