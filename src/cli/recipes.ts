import { Command } from 'commander';
import { describe, experiments, RECOMMENDED } from '../experiment/index.js';
import { table } from './format.js';

export const command = (): Command =>
  new Command('recipes')
    .description('list the searches that have a name')
    .option('--json', 'print them as a JSON array')
    .addHelpText('after', '\nExample:\n  $ tailnas recipes')
    .action((flags: { json?: true }) => {
      const all = experiments.all();
      const rows = all.map(({ name, label, paper }) => [name, label, paper === null ? '' : `${paper.toFixed(2)} %`]);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(all.map((experiment) => describe(experiment.with({}))))}\n`
          : `${table([['name', 'label', 'paper'], ...rows], { right: [2] })}\n\n` +
              'paper: accuracy that the paper reports on CIFAR-10-LT at imbalance ratio 100, one run each\n' +
              `search takes ${RECOMMENDED} where no name is given\n`,
      );
    });
