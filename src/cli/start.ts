import type { Plan } from '../experiment/index.js';
import { defaultRunDir } from '../run/index.js';
import { type DataOrigin, type DataRequest, requireShared, startRun } from '../session/index.js';
import { dryRun } from './dry-run.js';
import { watchRun } from './follow.js';
import { dataFor, type RunFlags } from './options.js';
import { launched, together } from './processes.js';

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
