import { join } from 'node:path';
import { kebab, type Plan } from '../experiment/index.js';
import { DivergedError } from '../learn/index.js';
import type { RunFolder } from '../run/index.js';

const TENTH = 10;

/** Options that make a step smaller, the most telling first; each experiment has some of them. */
const STEADYING = ['lr', 'weightLr', 'stageLr', 'archLr', 'sam', 'gradClip'];

/** `--lr 0.01 (it was 0.1)`: the options of a plan that may be lowered, with a value to try. */
const lower = ({ values, experiment }: Plan): string => {
  const usual = experiment.with({}).values;
  return STEADYING.filter((name) => name !== 'stageLr' || Number(values['classifierStage']) > 0)
    .flatMap((name) => {
      const value = Number(values[name] ?? 0);
      const less = Math.min(value / TENTH, Number(usual[name] ?? value));
      return value > 0 ? [`--${kebab(name)} ${Number(less.toPrecision(2))} (it was ${value})`] : [];
    })
    .join(' or ');
};

/**
 * A DivergedError with what the user can do about it: which options of this command to lower, and which checkpoint is
 * the last good one. Other errors stay as they are.
 */
export const explained = (
  error: unknown,
  { folder, plan }: { folder: Pick<RunFolder, 'path' | 'checkpoints' | 'records'>; plan: Plan },
): unknown => {
  if (!(error instanceof DivergedError)) return error;
  const [last] = folder.checkpoints.list();
  const loss = folder.records().findLast(({ epoch }) => epoch < (last?.position.epoch ?? 0))?.trainLoss;
  const good =
    last === undefined
      ? 'There is no checkpoint yet.'
      : `Last good checkpoint: ${join(folder.path, 'checkpoints', last.file)}, after epoch ${last.position.epoch}, ` +
        `step ${last.position.step}${loss === undefined ? '' : ` (training loss ${loss.toFixed(3)})`}; resuming it ` +
        'would diverge again.';
  return new DivergedError(error.problem, `Start again with ${lower(plan) || 'a lower learning rate'}. ${good}`);
};
