import { z } from 'zod';
import { describe, kebab, type Plan } from '../experiment/index.js';
import { alone, canShare, type Group, shareProblem } from '../group/index.js';
import { UnfitError } from '../learn/index.js';
import type { Watch } from './events.js';
import { versions } from './versions.js';

/** Throws an UnfitError where a plan cannot be carried out by so many processes. */
export const requireShared = (
  { phases, batchSize, experiment }: Pick<Plan, 'phases' | 'batchSize' | 'experiment'>,
  { size, device }: Pick<Group, 'size'> & { device: string },
): void => {
  if (size === 1) return;
  const reason = phases.find((phase) => phase.alone !== undefined)?.alone;
  if (reason !== undefined)
    throw new UnfitError(`Cannot run ${experiment.name} as ${size} processes: ${reason}; run it as one`);
  if (device !== 'cpu')
    throw new UnfitError(`Cannot run as ${size} processes: the device must be cpu, it is ${device}; run it as one`);
  if (!canShare({ size }, batchSize)) throw new UnfitError(shareProblem({ size }, batchSize));
};

/** What the processes of a run must have in common, each in words. */
export const commonOf = (
  plan: Plan,
  { seed, threads, data, checkpoint }: { seed: number; threads: number; data: string; checkpoint?: string | undefined },
): Readonly<Record<string, string>> => {
  const { name, options, network } = describe(plan);
  const own = Object.entries(options).map(([option, value]) => [`--${kebab(option)}`, String(value)]);
  return {
    experiment: name,
    network: JSON.stringify(network),
    ...Object.fromEntries(own),
    '--seed': String(seed),
    '--threads': String(threads),
    data,
    checkpoint: checkpoint ?? 'none',
    ...versions(),
  };
};

const words = z.record(z.string(), z.string());

/** Throws an UnfitError on every process where one has other words than the first, naming what differs. */
export const requireSameWords = (group: Group, own: Readonly<Record<string, string>>): void => {
  const [first = {}, ...others] = group.texts(JSON.stringify(own)).map((text) => words.parse(JSON.parse(text)));
  for (const [i, other] of others.entries())
    for (const name of new Set([...Object.keys(first), ...Object.keys(other)]))
      if (first[name] !== other[name])
        throw new UnfitError(
          `Cannot run as ${group.size} processes: all must have the same ${name}, it is ${first[name] ?? 'missing'} ` +
            `in process 0 and ${other[name] ?? 'missing'} in process ${i + 1}; start all with the same command, on ` +
            'machines that compute alike',
        );
};

/** Throws an UnfitError where a run is to be resumed by another number of processes than it began with. */
export const requireProcesses = (
  run: string,
  { processes = 1, size }: { processes?: number | undefined; size: number },
): void => {
  if (size === processes) return;
  throw new UnfitError(
    `Cannot continue ${run}: it must go on as ${processes === 1 ? 'one process' : `${processes} processes`}, since ` +
      `each has its share of every batch, got ${size}; use --processes ${processes}, or a launcher of as many`,
  );
};

/** Whether a run is to stop now: of several processes, once all know that one was asked to. */
export const stopOf = ({ signal, group = alone }: Pick<Watch, 'signal' | 'group'>): (() => boolean) => {
  if (group.size === 1) return () => signal?.aborted ?? false;
  if (signal?.aborted) group.askStop();
  signal?.addEventListener('abort', () => group.askStop(), { once: true });
  return () => group.stops;
};
