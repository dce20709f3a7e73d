import { Command } from 'commander';
import {
  describe,
  type Experiment,
  experiments,
  RECOMMENDED,
  trainingRecipes,
  USUAL_RECIPE,
} from '../experiment/index.js';
import { table } from './format.js';

const times = (share: number | undefined): string => (share === undefined ? '–' : `× ${share.toFixed(2)}`);

const plain = (own: Experiment) => ({
  ...describe(own.with({})),
  about: own.about ?? null,
  cost: own.cost ?? null,
});

export const command = (): Command =>
  new Command('recipes')
    .description('list the named searches and ways to train')
    .option('--json', 'print the searches as a JSON array')
    .addHelpText('after', '\nExample:\n  $ tailnas recipes')
    .action((flags: { json?: true }) => {
      const all = experiments.all();
      const rows = all
        .filter(({ about }) => about === undefined)
        .map(({ name, label, paper }) => [name, label, paper === null ? '' : `${paper.toFixed(2)} %`]);
      const methods = all.flatMap(({ name, about, cost }) =>
        about === undefined ? [] : [[name, about, times(cost?.step), times(cost?.memory)]],
      );
      const trainings = Object.entries(trainingRecipes).map(([name, { about }]) => [name, about]);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(all.map(plain))}\n`
          : `${table([['name', 'label', 'paper'], ...rows], { right: [2] })}\n\n` +
              'paper: accuracy that the paper reports on CIFAR-10-LT at imbalance ratio 100, one run each\n' +
              `search uses ${RECOMMENDED} by default\n\n` +
              `${table([['search method', 'what it is for', 'step', 'memory'], ...methods], { right: [2, 3] })}\n\n` +
              'step, memory: time and peak memory of a step, relative to darts; two branches take about twice both\n' +
              'p-darts: mean step and largest memory of its three stages; darts-pt: without its decisions\n' +
              'docs/methods.md has the equation and the source of each, docs/measured.md the measurement\n\n' +
              `${table([['train --recipe', 'what it is'], ...trainings])}\n\n` +
              `train uses ${USUAL_RECIPE} by default\n`,
      );
    });
