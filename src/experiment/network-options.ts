import { z } from 'zod';
import type { ExperimentRecord } from '../run/index.js';
import type { CellKind, Genotypes } from '../space/index.js';
import type { Experiment, Values } from './experiment.js';

/** Options that only a network of cells has. */
const OF_CELLS: readonly string[] = ['layers', 'dropPath', 'auxiliary', 'bilateral', 'mixing'];

const without = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !OF_CELLS.includes(name)));

/**
 * The training of a network without cells: options without effect are neither accepted nor recorded. `refuse` is called
 * with one that was given.
 */
export const withoutCells = (experiment: Experiment, refuse: (option: string) => never): Experiment => {
  const { shape } = experiment.options;
  const own: Experiment = {
    ...experiment,
    options: z.object(Object.fromEntries(Object.entries(shape).filter(([name]) => !OF_CELLS.includes(name)))),
    defaults: without(experiment.defaults),
    with: (values) => {
      const foreign = Object.keys(values).find((name) => OF_CELLS.includes(name));
      if (foreign !== undefined) refuse(foreign);
      const plan = experiment.with(values);
      return { ...plan, experiment: own, values: without(plan.values) };
    },
  };
  return own;
};

/** What a training of two branches has by default where one of a single branch has something else. */
export const ofBranches = ({ bilateral }: Values): Values =>
  String(bilateral) === 'true' ? { sampling: 'class', auxiliary: 0 } : {};

/**
 * The options that a training recorded, without those that did nothing: runs of earlier versions recorded them as well,
 * with another sampling of the second branch than they had.
 */
export const recordedOptions = ({ options, network, streams }: ExperimentRecord): Values => {
  if (network?.genotypes === null) return without(options);
  if (network === null || options['bilateral'] !== true) return options;
  const sampling = streams.at(-1)?.sampling ?? 'class';
  return { ...options, ...ofBranches(options), sampling };
};

/** Throws a RangeError where the backbone lacks a kind of cell that a network of so many layers has. */
export const requireKinds = (
  { backbone = {} }: Genotypes,
  { kinds, layers, what }: { kinds: readonly CellKind[]; layers: number; what: string },
): void => {
  const missing = kinds.find((kind) => backbone[kind] === undefined);
  if (missing === undefined) return;
  const remedy =
    missing === 'reduction'
      ? 'every network has one: add it, or search again'
      : 'give --layers 2 or 1, which need none, add one, or search with --layers 3 or more';
  throw new RangeError(
    `Cannot train ${what} with --layers ${layers}: its backbone must have a ${missing} cell, it has none; ${remedy}`,
  );
};
