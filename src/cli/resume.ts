import { Command } from 'commander';
import { resumeRun } from '../session/index.js';
import { checkpointOption, forceOption } from './options.js';
import { watchRun } from './watch.js';

export const command = (): Command =>
  new Command('resume')
    .description('continue a run that was stopped, exactly where it was saved')
    .argument('<run>', 'the run folder')
    .addOption(checkpointOption())
    .addOption(forceOption())
    .option('--json', 'print the result as JSON on stdout; progress stays on stderr')
    .option('--quiet', 'show no progress')
    .addHelpText('after', '\nExample:\n  $ tailnas resume runs/darts-20260102-030405')
    .action((run: string, flags: { checkpointMinutes: number; force?: true; json?: true; quiet?: true }) =>
      watchRun(
        (watch) => resumeRun(run, { checkpointSeconds: 60 * flags.checkpointMinutes, force: flags.force, ...watch }),
        { json: flags.json === true, quiet: flags.quiet === true },
      ),
    );
