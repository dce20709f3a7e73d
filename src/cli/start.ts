import { availableParallelism } from 'node:os';
import type { Plan } from '../experiment/index.js';
import { defaultRunDir } from '../run/index.js';
import { type DataOrigin, type DataRequest, requireShared, startRun } from '../session/index.js';
import { dataFor } from './data-options.js';
import { dryRun } from './dry-run.js';
import { watchRun } from './follow.js';
import { plural } from './format.js';
import type { RunFlags } from './options.js';
import { launched, together } from './processes.js';

/** What to know where processes wait for one another's cores. */
const sharedCores = (processes: number): string => {
  const cores = availableParallelism();
  return processes > cores ? `; this machine has ${plural(cores, 'core')}, more processes make it slower` : '';
};

/** Carries out what a command that starts runs was asked for: a run, or a look at what it would need. */
export const start = async (
  { plan, overrides }: { plan: Plan; overrides: Readonly<Record<string, unknown>> },
  flags: RunFlags,
  { data = dataFor(flags), origin }: { data?: DataRequest; origin?: DataOrigin | undefined } = {},
): Promise<void> => {
  const launch = launched();
  const processes = flags.processes ?? launch?.size ?? 1;
  requireShared(plan, { size: processes, device: flags.device }); // before any of them is waited for
  if (flags.dryRun) {
    if (launch === undefined || launch.rank === 0) await dryRun(plan, { data, origin, flags, processes });
    return; // one answer is enough
  }
  const { seed, device, threads, from, out = defaultRunDir('runs', plan.experiment.name) } = flags;
  const command = ['tailnas', ...process.argv.slice(2)];
  if (processes > 1 && (launch === undefined || launch.rank === 0) && flags.quiet !== true)
    process.stderr.write(`${processes} processes share each batch${sharedCores(processes)}\n`);
  await together(flags.processes, (group) =>
    watchRun(
      (watch) =>
        startRun(
          { plan, data, origin, seed, device, threads, from, out, overrides, command },
          { checkpointSeconds: 60 * flags.checkpointMinutes, force: flags.force, group, ...watch },
        ),
      {
        json: flags.json === true,
        quiet: flags.quiet === true,
        profile: flags.profile,
        tensorboard: flags.tensorboard === true,
        group,
      },
    ),
  );
};
