import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { StreamSpec } from '../learn/index.js';
import type { Phase } from '../loop/index.js';
import type { ExperimentRecord, Scalar } from '../run/index.js';
import { kebab, metaOf, type OptionSet, readOptions, spelled } from './option.js';

/** Values of options by name, as `run.json` and the command line spell them. */
export type Values = Readonly<Record<string, Scalar>>;

/** How large a run is: presets of sizes, whose reasons are in LOG.md. */
export const scaleNames = ['smoke', 'small', 'paper'] as const;
export type Scale = (typeof scaleNames)[number];

/**
 * What a step of a search method takes, as a share of what one of DARTS takes: its time, and the most memory that it
 * holds. Measured by `npm run bench -- methods` (docs/measured.md).
 */
export interface Cost {
  readonly step: number;
  readonly memory: number;
}

/** A whole experiment: a row of a table, as data. */
export interface Experiment {
  /** `search` or `train`. */
  readonly kind: string;
  /** What the command line calls it. */
  readonly name: string;
  readonly label: string;
  /** What a search method is for, in a few words. */
  readonly about?: string;
  readonly cost?: Cost;
  /** Accuracy in percent that the paper reports, if it has this row. */
  readonly paper: number | null;
  readonly options: OptionSet;
  readonly defaults: Values;
  readonly scales: Readonly<Record<Scale, Values>>;
  /**
   * The experiment with single options changed. Throws a RangeError on an option that it does not have, on a value that
   * cannot be, and on values that do not go together.
   */
  with(values: Values): Plan;
  /** All of its values, with the defaults of those not given here. Defaults may depend on the given ones. */
  usual?(values: Values): Values;
}

/** An experiment with all its options set: what a run carries out. */
export interface Plan {
  readonly experiment: Experiment;
  readonly values: Values;
  /** What kind of method it is, in words: `HLS, parabolicDecay`. */
  readonly method: string;
  readonly batchSize: number;
  /** Steps per epoch; 0 or absent: until all training images were drawn once. */
  readonly steps?: number | undefined;
  /** How training images are changed, as a label. */
  readonly augment: string;
  readonly streams: readonly StreamSpec[];
  readonly space: { readonly name: string; readonly primitives: readonly string[] } | null;
  readonly phases: readonly Phase[];
  /** What the user should know before it starts. */
  readonly notices: readonly string[];
  /** Plain data that the experiment itself is made of, beyond its options: the genotype that is trained. */
  readonly network: ExperimentRecord['network'];
}

/** What `define` needs in addition to the facts of an experiment. `O` are its parsed options. */
interface Definition<S extends OptionSet>
  extends Omit<Experiment, 'options' | 'paper' | 'with' | 'usual'>,
    Partial<Pick<Experiment, 'paper'>> {
  readonly options: S;
  /** Options of other experiments that make no sense in this one, and why. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Defaults that are others because of values that were given. */
  implied?(values: Values): Values;
  /** given: the names of the options that were given; the others are defaults. */
  plan(
    options: z.infer<S>,
    given: ReadonlySet<string>,
  ): Omit<Plan, 'experiment' | 'values' | 'network' | 'notices'> & Partial<Pick<Plan, 'network' | 'notices'>>;
}

/** Makes an experiment of its options and of what they lead to. */
export const define = <S extends OptionSet>(definition: Definition<S>): Experiment => {
  const { plan, options, refused = {}, implied = () => ({}), ...facts } = definition;
  const written = (read: Readonly<Record<string, unknown>>): Values =>
    Object.fromEntries(Object.entries(read).map(([name, value]) => [name, spelled(value)]));
  // As each value is spelled: `00` is 0, so that what is implied does not depend on how it was typed.
  const canonical = (values: Values): Values => written(readOptions(options.partial(), values));
  const unsaid = (values: Values): Values => ({ ...facts.defaults, ...implied(values) });
  const experiment: Experiment = {
    ...facts,
    paper: definition.paper ?? null,
    options,
    with: (values) => {
      const unknown = Object.keys(values).find((key) => !(key in options.shape));
      const why = unknown === undefined ? undefined : refused[unknown];
      if (unknown !== undefined && why !== undefined)
        throw new RangeError(`Cannot use --${kebab(unknown)} with ${facts.name}: ${why}`);
      if (unknown !== undefined)
        throw new RangeError(
          `Cannot use --${kebab(unknown)}: ${facts.name} has no such option, only ` +
            Object.keys(options.shape)
              .map((key) => `--${kebab(key)}`)
              .join(', '),
        );
      const given = canonical(values);
      const read = readOptions(options, { ...unsaid(given), ...given });
      return {
        network: null,
        notices: [],
        ...plan(read, new Set(Object.keys(given))),
        experiment,
        values: written(read),
      };
    },
    usual: (values) => written(readOptions(options, unsaid(values))),
  };
  return experiment;
};

/** Recorded values as this version spells them; earlier ones kept some as typed. What it cannot read stays. */
export const respelled = ({ options }: Pick<Experiment, 'options'>, values: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const read = options.shape[name]?.safeParse(value);
      return [name, read?.success ? spelled(read.data) : value];
    }),
  );

/** An experiment that differs from another in its name, and in how its phases are carried out. */
export const variant = (
  base: Experiment,
  { phases, ...facts }: Pick<Experiment, 'name' | 'label'> & { phases(of: readonly Phase[]): readonly Phase[] },
): Experiment => {
  const experiment: Experiment = {
    ...base,
    ...facts,
    paper: null,
    with: (values) => {
      const plan = base.with(values);
      return { ...plan, experiment, method: facts.label, phases: phases(plan.phases) };
    },
  };
  return experiment;
};

/** The steps of an epoch, on so many training images. */
export const stepsOf = ({ steps, batchSize }: Pick<Plan, 'steps' | 'batchSize'>, trainImages: number): number =>
  steps || Math.ceil(trainImages / batchSize);

/** The names of an experiment's options that say how large it is. */
export const sizeNames = ({ options }: Pick<Experiment, 'options'>): string[] =>
  Object.entries(options.shape).flatMap(([name, field]) => (metaOf(field).size ? [name] : []));

/** Whether an option concerns phases after the search alone. */
export const isLater = ({ options }: Pick<Experiment, 'options'>, name: string): boolean => {
  const field = options.shape[name];
  return field !== undefined && metaOf(field).later === true;
};

/** An experiment at a scale, with single options changed: what is given last wins. */
export const scaled = (experiment: Experiment, { scale, values = {} }: { scale: Scale; values?: Values }): Plan =>
  experiment.with({ ...experiment.scales[scale], ...values });

/** What was changed of the method itself: values that are neither sizes nor what the experiment has by default. */
export const changesOf = ({ experiment, values }: Plan): Values => {
  const sizes = sizeNames(experiment);
  const usual = experiment.usual?.(values) ?? experiment.with({}).values;
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !sizes.includes(name) && !isDeepStrictEqual(value, usual[name])),
  );
};

/** The plan as `run.json` and `--dry-run` print it: plain data that says everything a reader needs. */
export const describe = (plan: Plan): ExperimentRecord => {
  const { experiment, values, method, streams, space, phases, network } = plan;
  return {
    kind: experiment.kind,
    name: experiment.name,
    label: experiment.label,
    // The paper's accuracy applies to the unchanged experiment only.
    paper: Object.keys(changesOf(plan)).length === 0 ? experiment.paper : null,
    method,
    options: values,
    streams,
    space,
    network,
    phases: phases.map(({ name, epochs, knobs, frozen = [] }) => ({
      name,
      epochs,
      knobs: Object.fromEntries(Object.entries(knobs).map(([knob, schedule]) => [knob, schedule.label])),
      frozen,
    })),
  };
};
