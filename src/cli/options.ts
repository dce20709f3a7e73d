import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import {
  type Experiment,
  experiments,
  kebab,
  metaOf,
  numberIn,
  oneOf,
  type Plan,
  type Scale,
  scaled,
  scaleNames,
  sizeNames,
  type Values,
} from '../experiment/index.js';
import { didYouMean } from '../label/index.js';
import type { Scalar } from '../run/index.js';
import type { DataFlags } from './data-options.js';
import { processesOption } from './processes.js';
import { tensorboardOption } from './tensorboard.js';
import { argument, fromUser } from './usage.js';

/** Flags of every command that starts a run, in addition to the options of its experiment. */
export interface RunFlags extends DataFlags {
  scale: Scale;
  seed: number;
  from?: string;
  device: string;
  threads: number;
  out?: string;
  checkpointMinutes: number;
  dryRun?: true;
  force?: true;
  profile?: true | number;
  processes?: number;
  tensorboard?: true;
  json?: true;
  quiet?: true;
}

/** Flags of experiments' options, by their names: what the user wrote. */
export type OptionFlags = Readonly<Record<string, unknown>>;

const count = argument(numberIn({ least: 1, whole: true }));

const device = (word: string): string => {
  if (/^(cpu|cuda(:\d+)?)$/.test(word)) return word;
  throw new RangeError(
    `It must be cpu, cuda or cuda:N, got "${word}"${didYouMean(word, ['cpu', 'cuda']).replace(/^ /, '; ')}`,
  );
};

/** How often a run is saved within an epoch; it always is after one. */
export const checkpointOption = (): Option =>
  new Option('--checkpoint-minutes <n>', 'time between checkpoints within an epoch')
    .argParser(argument(numberIn({ least: 0 })))
    .default(3);

/** For a run that is expected to need more memory than there is. */
export const forceOption = (): Option =>
  new Option('--force', 'start even if the run is expected to need more memory than is free');

/** Each option of several experiments once, as the first that has it declares it. */
const union = (of: readonly Pick<Experiment, 'options'>[]) => {
  const fields = of.flatMap(({ options }) => Object.entries(options.shape));
  return new Map(fields.filter(([name], i) => fields.findIndex(([other]) => other === name) === i));
};

/** The parts between commas that stand outside brackets. */
const parts = (word: string): string[] => {
  let depth = 0;
  const found = [''];
  for (const letter of word) {
    if (letter === '(') depth++;
    if (letter === ')') depth--;
    if (letter === ',' && depth === 0) found.push('');
    else found.push(`${found.pop()}${letter}`);
  }
  return found.map((part) => part.trim());
};

/**
 * The values that a word gives an option: `cross-entropy, ldam(0.5, 30)` are two. What the option reads as a whole is
 * one value, commas and all; and how large a run is, is never several, as such runs may not stand in one table.
 */
const valuesIn = (field: z.ZodType, word: string): string[] =>
  field.safeParse(word).success || metaOf(field).size ? [word] : parts(word);

/** The options that a user gave several values, each with all of them. */
export const listsIn = (flags: OptionFlags, of: readonly Experiment[]): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...union(of)].flatMap(([name, field]) => {
      const word = flags[name];
      const values = typeof word === 'string' ? [...new Set(valuesIn(field, word))] : [];
      return values.length > 1 ? [[name, values]] : [];
    }),
  );

/**
 * Adds the flags of experiments' options: all, or only the sizes and those named in `besides`; with `lists` each may
 * have several values.
 */
export const experimentOptions = (
  command: Command,
  of: readonly Experiment[],
  { besides, lists = false }: { besides?: readonly string[]; lists?: boolean } = {},
): Command => {
  const fields = [...union(of)].filter(
    ([name, field]) => besides === undefined || metaOf(field).size || besides.includes(name),
  );
  command
    .optionsGroup('Size:')
    .addOption(
      new Option('--scale <size>', `preset of all sizes: ${scaleNames.join(', ')}`)
        .argParser(argument(oneOf(scaleNames)))
        .default('small'),
    );
  for (const group of new Set(fields.map(([, field]) => metaOf(field).group))) {
    command.optionsGroup(`${group}:`);
    for (const [name, field] of fields) {
      const { value, help, group: own } = metaOf(field);
      if (own !== group) continue;
      const parse = (word: string): string => {
        for (const each of lists ? valuesIn(field, word) : [word]) {
          const found = field.safeParse(each);
          if (!found.success) throw new RangeError(found.error.issues[0]?.message ?? 'It is wrong');
        }
        return word;
      };
      const flag = new Option(`--${kebab(name)}${value === undefined ? '' : ` ${value}`}`, help);
      command.addOption(value === undefined ? flag : flag.argParser(argument(parse)));
    }
  }
  return command;
};

/** Adds seed, device and threads. */
const machineOptions = (command: Command): Command =>
  command
    .optionsGroup('Run:')
    .addOption(
      new Option('--seed <n>', 'seed of weights, batches and augmentation')
        .argParser(argument(numberIn({ least: 0, whole: true })))
        .default(0),
    )
    .optionsGroup('Machine:')
    .addOption(new Option('--device <name>', 'cpu or cuda').argParser(argument(device)).default('cpu'))
    .addOption(
      new Option('--threads <n>', 'threads of one operation')
        .argParser(argument(numberIn({ least: 1, most: 1024, whole: true })))
        .default(availableParallelism()),
    );

const outputOptions = (command: Command, { name }: { name: string }): Command =>
  command
    .optionsGroup('Output:')
    .addOption(new Option('--out <folder>', `run folder, new or empty (default: runs/${name}-<time>)`))
    .addOption(checkpointOption())
    .addOption(tensorboardOption())
    .option('--dry-run', 'print what would run and what it would need, without training')
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress');

/** Adds the flags of every command that starts a run, except data and options. */
export const runOptions = (command: Command): Command =>
  outputOptions(machineOptions(command).addOption(processesOption()).addOption(forceOption()), {
    name: '<name>',
  }).addOption(
    new Option('--profile [steps]', 'print where the time of a step goes; with a number, save and stop after that many')
      .argParser(count)
      .conflicts('dryRun'),
  );

/** Adds the flags of a fit, except data and budget. */
export const fitOptions = (command: Command): Command => outputOptions(machineOptions(command), { name: 'fit' });

const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value);

/** The options of experiments that a user gave. */
export const given = (flags: OptionFlags, of: readonly Experiment[]): Values =>
  Object.fromEntries(
    [...union(of).keys()].flatMap((name) => {
      const value = flags[name];
      return isScalar(value) ? [[name, value]] : [];
    }),
  );

/**
 * An experiment as flags ask for it, and the sizes among them. Throws a UsageError on an option that it does not have.
 */
export const planFor = (
  experiment: Experiment,
  { scale, values }: { scale: Scale; values: Values },
): { plan: Plan; overrides: Record<string, Scalar> } => {
  const plan = fromUser(() => scaled(experiment, { scale, values }));
  const sizes = sizeNames(experiment).flatMap((name) => {
    const value = plan.values[name];
    return name in values && value !== undefined ? [[name, value] as const] : [];
  });
  return { plan, overrides: { scale, ...Object.fromEntries(sizes) } };
};

/** The search that a name and flags stand for. Throws a UsageError with the nearest name when there is none. */
export const searchFor = (name: string, flags: OptionFlags & { readonly scale: Scale }) =>
  planFor(
    fromUser(() => experiments.named(name)),
    { scale: flags.scale, values: given(flags, experiments.all()) },
  );
