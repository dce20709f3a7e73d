import { numbers, registry } from '../label/index.js';
import { CLASSIFIER, learnedScale, type Model, type NetShape, SCALE, TAUS, tauNormalised } from '../net/index.js';

/** How a classifier is retrained on frozen features (Kang et al. 2020, "decoupling"). */
export interface ClassifierMethod {
  /** As it is spelled: `lws(0.5)`. */
  readonly label: string;
  /** What it trains, by component, and at which share of the learning rate; of nothing it takes no epochs. */
  readonly rates: Readonly<Record<string, number>>;
  /** Whether the classifier starts from new weights; otherwise from those of the training. */
  readonly anew: boolean;
  /** Whether validation images choose what it answers at. */
  readonly chooses: boolean;
  /** The network that it makes of the one that `build` makes for a shape. */
  network(build: (shape: NetShape) => Model, shape: NetShape): Model;
}

/** A fresh classifier (cRT). */
const crt: ClassifierMethod = {
  label: 'crt',
  rates: { [CLASSIFIER]: 1 },
  anew: true,
  chooses: false,
  network: (build, shape) => build(shape),
};

/** A learned factor per class; the classifier itself moves at a share of the rate, as in MiSLAS (there 0.5), or not. */
const lws = (share: number): ClassifierMethod => ({
  label: share === 0 ? 'lws' : `lws(${share})`,
  rates: { [SCALE]: 1, ...(share === 0 ? {} : { [CLASSIFIER]: share }) },
  anew: false,
  chooses: false,
  network: learnedScale,
});

/** The largest τ: norms to a higher power would overflow. */
const STEEPEST = 10;

/** Weights divided by their norm to the power τ: nothing is trained. Without a τ validation images choose it. */
const tau = (value: number | undefined): ClassifierMethod => ({
  label: value === undefined ? 'tau' : `tau(${value})`,
  rates: {},
  anew: false,
  chooses: value === undefined,
  network: (build, shape) => tauNormalised(build(shape), value === undefined ? TAUS : [value]),
});

/** Every method that has a spelling. */
export const classifierMethods = registry<ClassifierMethod>('classifier method', {
  crt: { usage: 'crt', make: (args) => (args.length === 0 ? crt : undefined) },
  lws: {
    usage: 'lws or lws(share), share in [0, 1]',
    make: (args) => {
      const [share = 0] = numbers(args, 0, 1) ?? [Number.NaN];
      return share >= 0 && share <= 1 ? lws(share) : undefined;
    },
  },
  tau: {
    usage: `tau or tau(t), t from 0 to ${STEEPEST}`,
    make: (args) => {
      const values = numbers(args, 0, 1);
      if (values === undefined) return undefined;
      const [value] = values;
      return value === undefined || (value >= 0 && value <= STEEPEST) ? tau(value) : undefined;
    },
  },
});
