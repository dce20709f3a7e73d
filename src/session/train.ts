import { networkOf, type Scale, scaled, training, type Values } from '../experiment/index.js';
import { type OptionNames, requireKnown } from '../label/index.js';
import { openRun } from '../run/index.js';
import { type RunEvent, type RunRequest, type RunResult, runRequestNames, type Watch } from './events.js';
import { startRun } from './start.js';
import type { Underway } from './with-result.js';

/** What to train on, and how. */
export interface TrainRequest extends Omit<RunRequest, 'plan' | 'from' | 'overrides'> {
  /** Preset of sizes; `small` unless said. */
  readonly scale?: Scale;
  /** Options of `tailnas train`, by their names in `run.json`: `{ epochs: 5, recipe: 'mixup-drw' }`. */
  readonly values?: Values;
}

const { plan: _plan, from: _from, overrides: _overrides, ...others } = runRequestNames;
const names: OptionNames<TrainRequest> = { ...others, scale: true, values: true };

/**
 * Trains a network from scratch and keeps it in a folder, as `tailnas train` does. `network`: a run folder whose search
 * found it, a genotype.json, `random`, a published cell such as `darts-v2`, or `resnet32`. Throws a RangeError on what
 * is none of these, and on options that do not go together.
 */
export const train = (network: string, request: TrainRequest, watch: Watch = {}): Underway<RunEvent, RunResult> => {
  requireKnown(request, { names, action: 'train' });
  const { scale = 'small', values = {}, ...rest } = request;
  const found = networkOf(network, { seed: request.seed ?? 0, openRun });
  const plan = scaled(training(found, { what: network }), { scale, values });
  return startRun({ ...rest, plan, overrides: { scale, ...values } }, watch);
};
