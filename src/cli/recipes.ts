import { Command } from 'commander';
import { recipes, recommended } from '../recipes/index.js';
import { describeRecipe } from '../train/index.js';
import { table } from './format.js';

export const recipesCommand = (): Command =>
  new Command('recipes')
    .description('list the experiments that have a name')
    .option('--json', 'print them as a JSON array')
    .addHelpText('after', '\nExample:\n  $ tailnas recipes')
    .action((flags: { json?: true }) => {
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(recipes.map(describeRecipe))}\n`
          : `${table(
              [
                ['name', 'label', 'paper'],
                ...recipes.map((r) => [r.name, r.label, r.paper === undefined ? '' : `${r.paper.toFixed(2)} %`]),
              ],
              { right: [2] },
            )}\n\npaper: accuracy that the paper reports on CIFAR-10-LT at imbalance ratio 100, one run each\nsearch takes ${recommended.name} where no name is given\n`,
      );
    });
