import type { Plan } from '../experiment/index.js';
import { defaultRunDir } from '../run/index.js';
import { type DataOrigin, type DataRequest, startRun } from '../session/index.js';
import { dryRun } from './dry-run.js';
import { watchRun } from './follow.js';
import { dataFor, type RunFlags } from './options.js';

/** Carries out what a command that starts runs was asked for: a run, or a look at what it would need. */
export const start = async (
  { plan, overrides }: { plan: Plan; overrides: Readonly<Record<string, unknown>> },
  flags: RunFlags,
  { data = dataFor(flags), origin }: { data?: DataRequest; origin?: DataOrigin | undefined } = {},
): Promise<void> => {
  if (flags.dryRun) return dryRun(plan, { data, origin, flags });
  const { seed, device, threads, from, out = defaultRunDir('runs', plan.experiment.name) } = flags;
  const command = ['tailnas', ...process.argv.slice(2)];
  await watchRun(
    (watch) =>
      startRun(
        { plan, data, origin, seed, device, threads, from, out, overrides, command },
        { checkpointSeconds: 60 * flags.checkpointMinutes, force: flags.force, ...watch },
      ),
    { json: flags.json === true, quiet: flags.quiet === true, profile: flags.profile },
  );
};
