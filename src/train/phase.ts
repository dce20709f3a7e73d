import type { SearchMethod } from '../method/index.js';
import { constant, product, type Schedule } from '../schedule/index.js';
import type { Settings } from './settings.js';

/** What may follow a search: the same network trained on under another mixing, with some components frozen (paper, section V-D). */
export interface Continuation {
  readonly name: string;
  /** Its epochs, as a share of the search's. */
  readonly share: number;
  readonly mixing: Schedule;
  readonly frozen?: readonly string[];
}

/** A stretch of a run with schedules of its own; each schedule runs over it from t = 0. */
export interface Phase {
  readonly name: string;
  /** Its first epoch, counted over the whole run. */
  readonly first: number;
  readonly epochs: number;
  readonly mixing: Schedule | undefined;
  /** By component: a factor on the architecture learning rate. */
  readonly archLr: Readonly<Record<string, Schedule>>;
  readonly frozen: readonly string[];
}

export const SEARCH_PHASE = 'search';

/** The phases of a run in order: the search, and what follows it. Throws when a method has no branches to continue with. */
export const phasesOf = ({
  method,
  settings,
  continued = [],
}: {
  readonly method: SearchMethod;
  readonly settings: Settings;
  readonly continued?: readonly Continuation[];
}): readonly [Phase, ...Phase[]] => {
  const { mixing, archLr = {} } = method;
  const phases: [Phase, ...Phase[]] = [
    { name: SEARCH_PHASE, first: 0, epochs: settings.epochs, mixing, archLr, frozen: [] },
  ];
  let first = settings.epochs;
  for (const { name, share, mixing: other, frozen = [] } of continued) {
    const varied = method.vary?.({ mixing: other });
    if (varied === undefined)
      throw new RangeError(`Cannot continue ${method.label}: it must have branches to mix, it has one`);
    const epochs = Math.max(1, Math.round(share * settings.epochs));
    phases.push({ name, first, epochs, mixing: varied.mixing, archLr: varied.archLr ?? {}, frozen });
    first += epochs;
  }
  for (const phase of phases) checkRates(phase);
  return phases;
};

/** Epochs of all phases together. */
export const totalEpochs = (phases: readonly Phase[]): number => phases.reduce((sum, p) => sum + p.epochs, 0);

/** A component's architecture learning rate: the base rate times the method's factor for it. This line is heterogeneous LR scheduling. */
export const archLr = ({ archLr: base }: Settings, phase: Phase, component: string): Schedule =>
  product(constant(base), phase.archLr[component] ?? constant(1));

const checkRates = ({ archLr: factors, epochs }: Phase): void => {
  for (const [component, factor] of Object.entries(factors))
    for (let epoch = 0; epoch < epochs; epoch++) {
      const value = factor(epoch / epochs);
      if (!(value >= 0 && Number.isFinite(value)))
        throw new RangeError(
          `Cannot search: the factor on ${component}'s architecture learning rate must be a number >= 0, ${factor.label} is ${value} at t = ${(epoch / epochs).toFixed(2)}`,
        );
    }
};
