import type { Command } from 'commander';
import { kebab } from '../experiment/index.js';
import { openRun } from '../run/index.js';
import { type DataOrigin, type DataRequest, requestOf } from '../session/index.js';
import { dataFor } from './data-options.js';
import type { RunFlags } from './options.js';
import { UsageError } from './usage.js';

const DATA_FLAGS = [
  'imbalance',
  'imbalanceRatio',
  'imageSize',
  'testShare',
  'skipCorrupt',
  'strict',
  'nearDuplicates',
  'fit',
  'labels',
  'grey',
  'flip',
];

/**
 * The data that flags stand for; if a command continues a run and names no data, those of that run. Throws a UsageError
 * on flags that contradict them.
 */
export const dataOfRun = (
  run: string | undefined,
  { flags, self, action }: { flags: RunFlags; self: Command; action: string },
): { data: DataRequest; origin?: DataOrigin } => {
  if (run === undefined || flags.data !== undefined) return { data: dataFor(flags) };
  const other = DATA_FLAGS.find((name) => self.getOptionValueSource(name) === 'cli');
  if (other !== undefined)
    throw new UsageError(`--${kebab(other)} needs --data: without it, the data are those of ${run}, as it had them`);
  const { data } = openRun(run).info;
  const { split: own, ...request } = requestOf(data['request'], { run });
  const split = (flags.split ?? own) === 'all' ? 'all' : undefined;
  const origin = { run, data, action, remedy: 'restore the data, or say where they are with --data' };
  return { data: { ...request, split }, origin };
};
