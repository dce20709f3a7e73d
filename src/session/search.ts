import { experiments, type Scale, scaled, type Values } from '../experiment/index.js';
import { type OptionNames, requireKnown } from '../label/index.js';
import { type RunEvent, type RunRequest, type RunResult, runRequestNames, type Watch } from './events.js';
import { startRun } from './start.js';
import type { Underway } from './with-result.js';

/** What to search on, and how. */
export interface SearchRequest extends Omit<RunRequest, 'plan' | 'origin' | 'overrides'> {
  /** Preset of sizes; `small` unless said. */
  readonly scale?: Scale;
  /** Options of `tailnas search`, by their names in `run.json`: `{ epochs: 5, channels: 8 }`. */
  readonly values?: Values;
}

const { plan: _plan, origin: _origin, overrides: _overrides, ...others } = runRequestNames;
const names: OptionNames<SearchRequest> = { ...others, scale: true, values: true };

/**
 * Searches cells and keeps the run in a folder, as `tailnas search` does. `recipe`: a name of `tailnas recipes`, such
 * as `darts` or `hls`. Throws a RangeError on what is none, and on options that do not go together.
 */
export const search = (recipe: string, request: SearchRequest, watch: Watch = {}): Underway<RunEvent, RunResult> => {
  requireKnown(request, { names, action: 'search' });
  const { scale = 'small', values = {}, ...rest } = request;
  const plan = scaled(experiments.named(recipe), { scale, values });
  return startRun({ ...rest, plan, overrides: { scale, ...values } }, watch);
};
