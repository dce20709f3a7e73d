import type { LoadedRun } from '../../src/measure/index.js';
import {
  type Answers,
  bestAnswer,
  type EpochRecord,
  type Evaluation,
  type Genotypes,
  type RunInfo,
} from '../../src/run/index.js';
import { parabolicDecay, reverseSigmoid, softFreeze } from '../../src/schedule/index.js';

export interface FakeRunOptions {
  readonly name: string;
  readonly label: string;
  readonly seed: number;
  /** Of the search. */
  readonly epochs: number;
  readonly bilateral: boolean;
  /** Epochs of a continued phase after the search; its mixing follows from the recipe's name. */
  readonly continued?: number;
  readonly paper?: number;
}

const CLASSES = ['plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const COUNTS = [4000, 2398, 1437, 862, 516, 310, 186, 112, 67, 40];
const VALID = COUNTS.map((n) => Math.round(n / 4));
const MIXINGS = CLASSES.map((_, i) => i / 10).concat(1);
const OPS = [
  'none',
  'max_pool_3x3',
  'avg_pool_3x3',
  'skip_connect',
  'sep_conv_3x3',
  'sep_conv_5x5',
  'dil_conv_3x3',
  'dil_conv_5x5',
];
const NODES = 4;
const EDGES = 14;
const TEST_IMAGES = 1000;

/** A number in [-1, 1] that looks random and is not. */
const noise = (...parts: readonly number[]): number => {
  const x = Math.sin(parts.reduce((sum, part, i) => sum + part * (12.9898 + 78.233 * i), 0)) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
};
const clamp = (x: number): number => Math.min(1, Math.max(0, x));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** How well a network does, 1 being all that its heads can; and what each head gained since the search. */
interface Skill {
  readonly learnt: number;
  readonly instance: number;
  readonly balanced: number;
}

/** The instance head does well on large classes, the class head evenly, and a mixture better than either. */
const classAccuracies = (skill: Skill, { mixing, seed }: { mixing: number; seed: number }): number[] =>
  CLASSES.map((_, c) => {
    const instance = skill.instance + 0.95 - 0.075 * c;
    const balanced = skill.balanced + 0.7 - 0.015 * c;
    const both = mixing * instance + (1 - mixing) * balanced + 0.3 * mixing * (1 - mixing);
    const right = clamp(skill.learnt * both + 0.02 * noise(seed, c, mixing));
    return Math.round(TEST_IMAGES * right) / TEST_IMAGES;
  });

const point = (
  skill: Skill,
  { weights, mixing, seed }: { weights: readonly number[]; mixing: number; seed: number },
) => {
  const perClassAccuracy = classAccuracies(skill, { mixing, seed });
  const total = weights.reduce((a, b) => a + b, 0);
  const accuracy = perClassAccuracy.reduce((sum, a, c) => sum + a * (weights[c] ?? 0), 0) / total;
  return { loss: 0.3 + 2 * (1 - accuracy), accuracy, meanPerClassAccuracy: mean(perClassAccuracy), perClassAccuracy };
};

const answersOf = (skill: Skill, { weights, seed }: { weights: readonly number[]; seed: number }): Answers =>
  MIXINGS.map((mixing) => ({ at: { mixing }, ...point(skill, { weights, mixing, seed }) }));

interface PhaseTwo {
  readonly label: string;
  readonly mixing: (t: number) => number;
  readonly frozen: readonly string[];
  /** What the heads gain by its end. */
  readonly gain: Omit<Skill, 'learnt'>;
}

const phaseTwo = (name: string): PhaseTwo => {
  if (name.endsWith('half'))
    return { label: 'constant(0.5)', mixing: () => 0.5, frozen: [], gain: { instance: -0.03, balanced: 0.02 } };
  if (name.endsWith('reverse'))
    return {
      label: 'reverseSigmoid',
      mixing: reverseSigmoid(),
      frozen: [],
      gain: { instance: -0.12, balanced: 0.04 },
    };
  const frozen = name.endsWith('frozen');
  return {
    label: 'constant(0)',
    mixing: () => 0,
    frozen: frozen ? ['backbone', 'instance'] : [],
    gain: frozen ? { instance: 0, balanced: 0.01 } : { instance: -0.25, balanced: 0.06 },
  };
};

/** Logits that leave 0 at different speeds and, with scaling, stop moving in the end. */
const alphaOf = (t: number, { offset, seed, scaled }: { offset: number; seed: number; scaled: boolean }): number[][] =>
  Array.from({ length: EDGES }, (_, edge) =>
    OPS.map((_, op) => {
      const reach = scaled ? Math.min(t, 0.6) : t;
      const late = scaled ? 0 : 0.4 * t * Math.sin(9 * t + op);
      return 1.6 * reach * noise(seed, edge + offset, op) + late + 1e-3 * noise(seed, edge, op + 7);
    }),
  );

const CELL = {
  nodes: Array.from({ length: NODES }, (_, i) => [
    { op: 'sep_conv_3x3', from: i },
    { op: 'skip_connect', from: i + 1 },
  ]),
  concat: [2, 3, 4, 5],
};

/** A finished run with smooth, plausible values, always the same ones for the same options: nothing was trained. */
export const fakeRun = ({ name, label, seed, epochs, bilateral, continued = 0, paper }: FakeRunOptions): LoadedRun => {
  const second = phaseTwo(name);
  const scaled = name.startsWith('hls');
  const search = name.includes('sigmoid') ? reverseSigmoid() : parabolicDecay();
  const factor = scaled ? softFreeze(search) : () => 1;
  const components = bilateral ? ['backbone', 'instance', 'class'] : ['backbone'];
  const entries = <T>(of: (component: string, index: number) => T): Record<string, T> =>
    Object.fromEntries(components.map((component, index) => [component, of(component, index)]));
  const genotypes: Genotypes = entries((c) =>
    c === 'backbone' ? { normal: CELL, reduction: CELL } : { normal: CELL },
  );

  // A recipe's continued forms are as good as it is itself when the search ends.
  const recipe = name.replace(/-continued.*/, '');
  const level = 0.93 + 0.03 * noise(recipe.length) + 0.015 * noise(seed, 3);

  const record = (epoch: number): EpochRecord => {
    const inSearch = epoch < epochs;
    const t = inSearch ? epoch / epochs : (epoch - epochs) / continued;
    const mixing = inSearch ? search(t) : second.mixing(t);
    const done = inSearch ? 0 : (epoch - epochs + 1) / continued;
    const learnt = clamp(0.25 + (level - 0.25) * (1 - Math.exp((-4 * (epoch + 1)) / epochs)));
    const skill = { learnt, instance: done * second.gain.instance, balanced: done * second.gain.balanced };
    const answers = bilateral ? answersOf(skill, { weights: VALID, seed: seed + 100 * epoch }) : null;
    const valid = answers?.[0] ?? point(skill, { weights: VALID, mixing: 1, seed });
    const frozen = inSearch ? [] : second.frozen;
    const moving = components.filter((c) => !frozen.includes(c));
    const norms = (scale: number) =>
      Object.fromEntries(
        moving.map((c) => {
          const share = !bilateral || c === 'backbone' ? 1 : c === 'instance' ? mixing : 1 - mixing;
          return [c, scale * share * (1 + 0.15 * noise(seed, epoch, scale))];
        }),
      );
    return {
      kind: 'search',
      phase: inSearch ? 'search' : 'continued',
      epoch,
      t,
      knobs: {
        ...(bilateral ? { mixing } : {}),
        weightLr: 0.001 + 0.0095 * (1 + Math.cos(Math.PI * t)),
        'archLr.backbone': 0.02 * factor(inSearch ? t : 1),
      },
      trainLoss: 2.3 - 1.9 * learnt + 0.03 * noise(seed, epoch),
      trainAccuracy: clamp(learnt + 0.02 * noise(seed, epoch, 1)),
      validLoss: valid.loss,
      validAccuracy: valid.accuracy,
      perClassAccuracy: valid.perClassAccuracy,
      answers,
      gradNorm: { weights: norms(0.5), alpha: norms(0.03) },
      alpha: entries((component, i) => {
        const progress = inSearch ? t : 1;
        const kind = (offset: number) =>
          alphaOf(progress, { offset, seed: seed + i, scaled: scaled && component === 'backbone' });
        return component === 'backbone' ? { normal: kind(0), reduction: kind(50) } : { normal: kind(0) };
      }),
      genotype: genotypes,
      seconds: 60 + noise(seed, epoch),
      imagesPerSecond: 400 + 5 * noise(seed, epoch, 2),
      peakMemoryBytes: 9e8,
    };
  };

  const gain = continued === 0 ? { instance: 0, balanced: 0 } : second.gain;
  return {
    path: `runs/${name}-${seed}`,
    info: infoOf(seed, {
      kind: 'search',
      name,
      label,
      paper: paper ?? null,
      method: label,
      options: {
        epochs,
        batchSize: 128,
        channels: 16,
        layers: 8,
        nodes: NODES,
        order: 1,
        weightLr: 0.02,
        archLr: 0.02,
        loss: 'cross-entropy',
        sampling: bilateral ? 'class' : 'instance',
        ...(bilateral ? { mixing: search.label } : {}),
      },
      streams: (bilateral ? ['instance', 'class'] : ['instance']).map((sampling) => ({ part: 'train', sampling })),
      space: { name: 'darts', primitives: OPS },
      network: null,
      phases: [
        {
          name: 'search',
          epochs,
          knobs: {
            'archLr.backbone': scaled ? `constant(0.02) × ${softFreeze(search).label}` : 'constant(0.02)',
            ...(bilateral ? { mixing: search.label } : {}),
          },
          frozen: [],
        },
        ...(continued === 0
          ? []
          : [{ name: 'continued', epochs: continued, knobs: { mixing: second.label }, frozen: second.frozen }]),
      ],
    }),
    records: Array.from({ length: epochs + continued }, (_, epoch) => record(epoch)),
    evaluation: evaluationOf({ learnt: level, ...gain }, { bilateral, seed }),
    genotypes,
    problems: [],
  };
};

/** The test of a network with such skill. */
const evaluationOf = (skill: Skill, { bilateral, seed }: { bilateral: boolean; seed: number }): Evaluation => {
  const balanced = CLASSES.map(() => TEST_IMAGES);
  const answers = {
    valid: answersOf(skill, { weights: VALID, seed: seed + 1 }),
    test: answersOf(skill, { weights: balanced, seed: seed + 2 }),
  };
  const at = bilateral ? bestAnswer(answers.valid).at : {};
  const tested = point(skill, { weights: balanced, mixing: at['mixing'] ?? 1, seed: seed + 2 });
  const group = (of: (n: number) => boolean) => {
    const members = tested.perClassAccuracy.filter((_, c) => of(COUNTS[c] ?? 0));
    return members.length === 0 ? null : mean(members);
  };
  return {
    split: 'test',
    at,
    ...tested,
    confusion: tested.perClassAccuracy.map((a, c) =>
      CLASSES.map((_, p) => {
        const right = Math.round(TEST_IMAGES * a);
        return p === c ? right : p === (c + 1) % CLASSES.length ? TEST_IMAGES - right : 0;
      }),
    ),
    shots: { many: group((n) => n > 100), medium: group((n) => n >= 20 && n <= 100), few: null },
    ranks: {
      head: mean(tested.perClassAccuracy.slice(0, 3)),
      middle: mean(tested.perClassAccuracy.slice(3, 7)),
      tail: mean(tested.perClassAccuracy.slice(7)),
    },
    answers: bilateral ? answers : null,
  };
};

const infoOf = (seed: number, experiment: RunInfo['experiment']): RunInfo => ({
  format: 2,
  name: experiment.name,
  experiment,
  overrides: {},
  changes: {},
  seed,
  data: {
    spec: 'cifar10',
    name: 'cifar10',
    fingerprint: 'fake',
    classes: CLASSES,
    counts: { train: COUNTS, valid: VALID, test: CLASSES.map(() => TEST_IMAGES) },
    channels: 3,
    imageSize: 32,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
    fit: null,
  },
  versions: { tailnas: '0.1.0', torch: '2.13.0', node: '20.0.0' },
  host: null,
  device: 'cpu',
  threads: 2,
  command: ['tailnas', experiment.kind, experiment.name],
  startedAt: '2026-01-02T03:04:05.000Z',
});

const TRAINED = { backbone: { normal: CELL, reduction: CELL } };

export interface FakeTrainingOptions extends Pick<FakeRunOptions, 'name' | 'label' | 'seed' | 'epochs'> {
  /** Whether images are kept for validation; else all are trained on. */
  readonly validated?: boolean;
  /** Whether it is of a network of cells, such as a search finds. */
  readonly cells?: boolean;
}

/** A finished training of one network: no alpha, no answers at several settings, no genotype in its records. */
export const fakeTraining = ({
  name,
  label,
  seed,
  epochs,
  validated = true,
  cells = true,
}: FakeTrainingOptions): LoadedRun => {
  const skillAt = (epoch: number): Skill => ({
    learnt: 0.95 * (1 - Math.exp((-4 * epoch) / epochs)),
    instance: 0,
    balanced: 0,
  });
  const record = (epoch: number): EpochRecord => {
    const skill = skillAt(epoch + 1);
    const valid = validated ? point(skill, { weights: VALID, mixing: 1, seed: seed + 100 * epoch }) : null;
    const t = epoch / epochs;
    return {
      kind: 'train',
      phase: 'train',
      epoch,
      t,
      knobs: { weightLr: 0.025 * (1 - t), dropPath: 0.2 * t },
      trainLoss: 2.3 - 1.9 * skill.learnt + 0.03 * noise(seed, epoch),
      trainAccuracy: skill.learnt,
      validLoss: valid?.loss ?? null,
      validAccuracy: valid?.accuracy ?? null,
      perClassAccuracy: valid?.perClassAccuracy ?? null,
      answers: null,
      gradNorm: { weights: { backbone: 0.5 + 0.1 * noise(seed, epoch) } },
      seconds: 60,
      imagesPerSecond: 900,
      peakMemoryBytes: 6e8,
    };
  };
  return {
    path: `runs/${name}-${seed}`,
    info: infoOf(seed, {
      kind: 'train',
      name,
      label,
      paper: null,
      method: 'supervised',
      options: { epochs, batchSize: 96, channels: 36, layers: 20, weightLr: 0.025, dropPath: 0.2 },
      streams: [{ part: 'train', sampling: 'instance' }],
      space: null,
      network: { name: label, genotypes: cells ? TRAINED : null },
      phases: [
        {
          name: 'train',
          epochs,
          knobs: { weightLr: 'cosine(0.025, 0)', dropPath: 'linear(0, 0.2)' },
          frozen: [],
        },
      ],
    }),
    records: Array.from({ length: epochs }, (_, epoch) => record(epoch)),
    evaluation: evaluationOf(skillAt(epochs), { bilateral: false, seed }),
    genotypes: cells ? TRAINED : {},
    problems: [],
  };
};
