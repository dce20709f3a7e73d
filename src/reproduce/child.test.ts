import { expect, it } from 'vitest';
import { experiments, scaled } from '../experiment/index.js';
import { childArguments } from './child.js';
import { planRuns } from './plan.js';

it('a run that goes on keeps the flags of its start that are for every start', () => {
  const darts = scaled(experiments.named('darts'), { scale: 'smoke', values: {} });
  const data = { spec: 'mnist' };
  const [run] = planRuns({
    ...{ plans: [darts], base: darts, seeds: [1], out: 'nowhere' },
    ...{ data, overrides: {}, given: {} },
  });
  if (run === undefined) throw new Error('there must be a run');
  const how = ['--force', '--checkpoint-minutes', '5'];
  const command = [...run.command, '--device', 'cpu', ...how, '--tensorboard'];
  expect(childArguments({ ...run, state: 'resume', command }, { threads: 2 })).toEqual([
    ...['resume', run.path, ...how, '--quiet', '--json'],
  ]);
});
