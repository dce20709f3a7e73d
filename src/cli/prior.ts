import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import { didYouMean } from '../label/index.js';
import { type NamedPrior, normalised } from '../loop/index.js';
import type { RunInfo } from '../run/index.js';
import { UsageError } from './usage.js';

/** `--prior`, as every command that reads logits has it. */
export const priorOption = (): Option =>
  new Option(
    '--prior <which>',
    'how often each class occurs where the network is used, to which its logits are adjusted: training (as in ' +
      'the training images), uniform, or a JSON file of shares or counts by class name (default: not adjusted)',
  );

/** The classes of a file, and what it says of each. */
const readShares = (file: string): Map<string, unknown> => {
  const fail = (problem: string): never => {
    throw new UsageError(`Cannot read prior ${file}: ${problem}`);
  };
  const text = (): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const reason =
        error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is no such file' : '';
      return fail(`${reason || 'it cannot be read'}; give training, uniform or a JSON file of a number per class`);
    }
  };
  const json = (written: string): unknown => {
    try {
      return JSON.parse(written.replace(/^\uFEFF/, '')); // some editors begin a file with a mark
    } catch {
      return fail('it must be JSON, such as {"cat": 0.9, "dog": 0.1}, it is not');
    }
  };
  const found = json(text());
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    return fail('it must be an object with a number per class, such as {"cat": 0.9, "dog": 0.1}, it is another value');
  return new Map(Object.entries(found));
};

/**
 * The class prior that `--prior` stands for: `training`, `uniform`, or a JSON file with a share per class, by its name;
 * counts will do, since shares are brought to a sum of 1. Throws a UsageError that names the class which does not fit.
 */
export const priorFor = (
  word: string,
  { classes, counts }: { classes: readonly string[]; counts: RunInfo['data']['counts'] },
): NamedPrior => {
  const empty = counts.train.findIndex((count) => count < 1);
  if (empty >= 0)
    throw new UsageError(
      `Cannot adjust to a prior: every class must have training images, "${classes[empty]}" has none; ` +
        'leave out --prior',
    );
  if (word === 'uniform') return { name: word, prior: normalised(classes.map(() => 1)) };
  if (word === 'training') return { name: word, prior: normalised(counts.train) };
  const shares = readShares(word);
  const fail = (problem: string): never => {
    throw new UsageError(`Cannot use prior ${word}: ${problem}`);
  };
  const unknown = [...shares.keys()].find((name) => !classes.includes(name));
  if (unknown !== undefined)
    fail(
      `it must name classes of the run, "${unknown}" is none;` +
        (didYouMean(unknown, classes) || ` they are ${classes.join(', ')}`),
    );
  const prior = classes.map((name) => {
    const share = shares.get(name);
    if (share === undefined) return fail(`it must have every class of the run, "${name}" is missing`);
    // A share of 0 would make its logit −∞, and a single image of the class an infinite loss.
    if (typeof share !== 'number' || !(share > 0 && Number.isFinite(share)))
      return fail(`each share must be a number > 0, that of "${name}" is ${JSON.stringify(share)}`);
    return share;
  });
  const all = prior.reduce((a, b) => a + b, 0);
  if (!Number.isFinite(all) || Math.min(...prior) / all === 0)
    fail('its shares must be of sizes that can be compared, their sum or quotient is beyond what numbers hold');
  return { name: word, prior: normalised(prior) };
};
