import { Command } from 'commander';
import { resumeFit } from '../fit/index.js';
import { isFit } from '../run/index.js';
import { resumeRun } from '../session/index.js';
import { watchRun } from './follow.js';
import { checkpointOption, forceOption } from './options.js';
import { watchFit } from './watch-fit.js';

interface ResumeFlags {
  readonly checkpointMinutes: number;
  readonly force?: true;
  readonly data?: string;
  readonly json?: true;
  readonly quiet?: true;
}

export const command = (): Command =>
  new Command('resume')
    .description('continue a run or a fit that was stopped, exactly where it was saved')
    .argument('<run>', 'the folder of the run or fit')
    .addOption(checkpointOption())
    .addOption(forceOption())
    .option('--data <name or path>', 'where its data are now, if they were moved; they must be the same images')
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText('after', '\nExample:\n  $ tailnas resume runs/darts-20260102-030405')
    .action((run: string, { checkpointMinutes, force, data, ...flags }: ResumeFlags) => {
      const own = { checkpointSeconds: 60 * checkpointMinutes, force, data };
      return isFit(run)
        ? watchFit((watch) => resumeFit(run, { ...own, ...watch }), flags)
        : watchRun((watch) => resumeRun(run, { ...own, ...watch }), {
            json: flags.json === true,
            quiet: flags.quiet === true,
          });
    });
