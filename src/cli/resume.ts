import { Command } from 'commander';
import { resumeFit } from '../fit/index.js';
import { hasEventFile } from '../log/index.js';
import { isFit, openRun } from '../run/index.js';
import { resumeRun } from '../session/index.js';
import { watchRun } from './follow.js';
import { checkpointOption, forceOption } from './options.js';
import { launched, processesOption, requireAlone, together } from './processes.js';
import { tensorboardOption } from './tensorboard.js';
import { UsageError } from './usage.js';
import { watchFit } from './watch-fit.js';

interface ResumeFlags {
  readonly checkpointMinutes: number;
  readonly force?: true;
  readonly data?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly processes?: number;
  readonly tensorboard?: true;
}

export const command = (): Command =>
  new Command('resume')
    .description('continue a run or a fit that was stopped, exactly where it was saved')
    .argument('<run>', 'the folder of the run or fit')
    .addOption(checkpointOption())
    .addOption(processesOption('as many as the run began with'))
    .addOption(forceOption())
    .option('--data <name or path>', 'where its data are now, if they were moved; they must be the same images')
    .addOption(tensorboardOption())
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText('after', '\nExample:\n  $ tailnas resume runs/darts-20260102-030405')
    .action(async (run: string, { checkpointMinutes, force, data, processes, ...flags }: ResumeFlags) => {
      const tensorboard = flags.tensorboard === true || hasEventFile(run);
      const own = { checkpointSeconds: 60 * checkpointMinutes, force, data };
      if (isFit(run)) {
        requireAlone('continue a fit');
        if (processes !== undefined && processes > 1)
          throw new UsageError('--processes is for one run: a fit runs in one process; leave it out');
        return watchFit((watch) => resumeFit(run, { ...own, ...watch }), { ...flags, tensorboard });
      }
      const [json, quiet] = [flags.json === true, flags.quiet === true];
      const asked = processes ?? (launched() === undefined ? openRun(run).info.processes : undefined);
      await together(asked, (group) =>
        watchRun((watch) => resumeRun(run, { ...own, group, ...watch }), { json, quiet, tensorboard, group }),
      );
    });
