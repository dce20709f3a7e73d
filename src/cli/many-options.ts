import { type Command, InvalidArgumentError, Option } from 'commander';
import { numberIn } from '../experiment/index.js';
import { requireFlags } from '../reproduce/index.js';
import { argument, fromUser, UsageError } from './usage.js';

/** Flags of every command that makes many runs. */
export interface ManyFlags {
  readonly seeds?: readonly number[];
  readonly jobs?: number;
  readonly threads?: number;
  readonly out: string;
  readonly plan?: true;
  readonly task?: true | number;
  readonly on?: 'slurm';
  readonly commands?: true;
  readonly use?: readonly string[];
  readonly json?: true;
  readonly quiet?: true;
}

const MOST_SEEDS = 100;
/** Reads a number of runs or threads. */
export const count = argument(numberIn({ least: 1, most: 1024, whole: true }));
const countOrNone = argument(numberIn({ least: 0, most: 1024, whole: true }));

/** Reads `1..3`, `1,2,5` or `4`. */
const seedsOf = (text: string): number[] => {
  const found = text.split(',').flatMap((part) => {
    const [, from = '', to = from] = /^\s*(\d{1,9})(?:\.\.(\d{1,9}))?\s*$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (from === '' || last < first || last - first >= MOST_SEEDS)
      throw new InvalidArgumentError(
        `It must be seeds such as 1..3 or 1,2,5 (first to last, at most ${MOST_SEEDS}), got "${part}"`,
      );
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(found)];
};

export const seedsOption = (about: string): Option =>
  new Option('--seeds <list>', `${about}: 1..3, 1,2,5 or 4`).argParser(seedsOf);

/** Adds the flags that say how many runs are carried out: here, as an array of jobs, or by whoever takes commands. */
export const manyOptions = (command: Command): Command =>
  command
    .argument('[sbatch flags...]', 'after --, with --on slurm: what sbatch gets')
    .optionsGroup('Many runs:')
    .addOption(
      new Option(
        '--jobs <n>',
        'runs at a time (default: 1); 0 runs nothing, and makes tables of what is done',
      ).argParser(countOrNone),
    )
    .option('--plan', 'print which runs are needed, their state and how long they would take; write nothing')
    .addOption(
      new Option(
        '--on <scheduler>',
        'submit what is not done as an array of jobs, and tables after it; what follows -- goes to sbatch',
      ).choices(['slurm']),
    )
    .addOption(
      new Option(
        '--commands',
        'print a shell command for each task that is not done: for GNU parallel, PBS, …',
      ).conflicts('on'),
    )
    .addOption(
      new Option(
        '--task [n]',
        'run one task of those submitted or printed, counted from 0 (without n: SLURM_ARRAY_TASK_ID, ' +
          'JOB_COMPLETION_INDEX, or PARALLEL_SEQ - 1)',
      )
        .argParser(argument(numberIn({ least: 0, whole: true })))
        .conflicts(['on', 'commands', 'plan', 'jobs']),
    );

/**
 * The words of a command: its operands, and after -- what sbatch gets. Throws a UsageError where one is too many, and
 * where Slurm would have to guess.
 */
export const operandsOf = (
  self: Command,
  { on, most }: Pick<ManyFlags, 'on'> & { most: number },
): { operands: readonly string[]; sbatch: readonly string[] } => {
  const { args } = self;
  const end = process.argv.indexOf('--');
  const after = end < 0 ? 0 : process.argv.length - end - 1;
  const [operands, sbatch] = [args.slice(0, args.length - after), args.slice(args.length - after)];
  const tooMany = operands[most] ?? (on === undefined ? sbatch[0] : undefined);
  if (tooMany !== undefined)
    throw new UsageError(
      `Cannot use "${tooMany}": only flags for sbatch may follow, after -- and with --on slurm; leave it out`,
    );
  if (on !== undefined && self.getOptionValueSource('threads') !== 'cli')
    throw new UsageError('--on slurm needs --threads: how many a task is to have on its node');
  fromUser(() => requireFlags(sbatch));
  return { operands, sbatch };
};
