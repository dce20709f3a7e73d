import { Command } from 'commander';
import { progressPrinter } from '../engine/progress.js';
import { setupEngine } from '../engine/setup.js';
import { listing } from './format.js';

export const command = (): Command =>
  new Command('setup')
    .description('find or fetch libtorch and build the engine now, rather than at the first search')
    .option('--json', 'print where everything is as JSON')
    .addHelpText('after', '\nExample:\n  $ tailnas setup')
    .action(async (flags: { json?: true }) => {
      const { update, end } = progressPrinter(process.stderr);
      try {
        const { addon, torch } = await setupEngine({ onProgress: update });
        end();
        process.stdout.write(
          flags.json
            ? `${JSON.stringify({ addon, torch })}\n`
            : `${listing([
                ['engine', addon],
                ['libtorch', `${torch.version} in ${torch.dir} (${torch.origin})`],
              ])}\n`,
        );
      } finally {
        end();
      }
    });
