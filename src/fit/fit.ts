import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Dataset } from '../data/index.js';
import { type OptionNames, requireKnown } from '../label/index.js';
import { DivergedError } from '../learn/index.js';
import { bestOf, fitResults, type LoadedFit, loadFit } from '../measure/index.js';
import { fitPage } from '../page/index.js';
import { writeAtomic } from '../run/atomic.js';
import {
  type FitPart,
  type FitPlan,
  fitPartDir,
  fitParts,
  isFit,
  openRun,
  readFitOutcome,
  readFitPlan,
  writeFitOutcome,
  writeFitPlan,
} from '../run/index.js';
import { isLock, lockRun } from '../run/lock.js';
import {
  type DataRequest,
  dataTexts,
  fromOrigin,
  type Given,
  givenNames,
  prepare,
  type RunEvent,
  type RunResult,
  recordedRequest,
  requestOf,
  requireSameData,
  resumeRun,
  startRun,
  type Underway,
  usualMachine,
  type Watch,
  watchNames,
  withResult,
} from '../session/index.js';
import { type FitOptions, planFit, planOfPart } from './plan.js';

/** The page of a fit, in its folder. */
export const REPORT = 'report.html';

/** Seconds of a fit, unless said. */
export const USUAL_BUDGET = 2 * 3600;

/** What a fit is asked for. */
export interface FitRequest extends Partial<FitOptions> {
  readonly data: DataRequest;
  /** The folder of the fit: new or empty. */
  readonly out: string;
  readonly command?: readonly string[];
}

const requestNames: OptionNames<FitRequest> = {
  ...{ data: true, out: true, command: true, budgetSeconds: true, seed: true, device: true, threads: true },
  ...{ flip: true, search: true, recipe: true },
};

/** What a fit reports while it runs: the events of its runs, and where one ends and the next begins. */
export type FitEvent =
  | RunEvent
  | { readonly type: 'plan'; readonly dir: string; readonly plan: FitPlan; readonly resumed: boolean }
  | {
      readonly type: 'part';
      readonly name: FitPart;
      /** From 1. */
      readonly number: number;
      readonly of: number;
      /** What the parts after it are expected to take. */
      readonly laterSeconds: number;
    }
  | { readonly type: 'part-end'; readonly name: FitPart; readonly result: RunResult };

/** How a fit ended. */
export interface FitEnd {
  readonly dir: string;
  readonly interrupted: boolean;
  /** With the runs of all parts, if it finished. */
  readonly fit?: LoadedFit;
}

const refuseOccupied = (dir: string): void => {
  if (isFit(dir)) throw new Error(`Cannot fit: ${dir} already holds a fit; continue it with \`tailnas resume ${dir}\``);
  const other = existsSync(dir) ? readdirSync(dir).find((name) => !isLock(name)) : undefined;
  if (other !== undefined)
    throw new Error(`Cannot fit: ${dir} must be an empty folder, it holds "${other}"; name a new folder`);
};

/** An error of a part with what whoever asked for a fit can do: a fit chooses rates itself. Others stay as they are. */
const explained = (error: unknown, dir: string): unknown =>
  error instanceof DivergedError
    ? new DivergedError(
        error.problem,
        'Start the fit again in a new folder with another --seed, --recipe or --search; resuming ' +
          `${dir} would diverge again.`,
      )
    : error;

/** Carries out the rest of a plan: a finished part is kept, a started one continues. */
async function* carryOut(
  dir: string,
  { plan, dataset, watch }: { plan: FitPlan; dataset: Dataset; watch: Watch },
): AsyncGenerator<FitEvent, FitEnd> {
  const request = requestOf(plan.data, { run: dir });
  for (const [i, name] of fitParts.entries()) {
    const out = fitPartDir(dir, name);
    const begun = existsSync(join(out, 'run.json'));
    if (begun && openRun(out).readEvaluation() !== undefined) continue;
    const later = fitParts.slice(i + 1).map((other) => plan.parts[other].expectedSeconds);
    yield { type: 'part', name, number: i + 1, of: fitParts.length, laterSeconds: later.reduce((a, b) => a + b, 0) };
    const { seed, device, threads, command } = plan;
    const own = { ...watch, forecast: false };
    const running = begun
      ? resumeRun(out, { ...own, dataset })
      : startRun(
          {
            plan: planOfPart(name, { part: plan.parts[name], fit: plan, dir }),
            ...{ data: request, dataset, seed, device, threads, out, command },
          },
          own,
        );
    let result: RunResult;
    try {
      result = yield* running;
    } catch (error) {
      throw explained(error, dir);
    }
    if (result.interrupted) return { dir, interrupted: true };
    yield { type: 'part-end', name, result };
  }
  const done = loadFit(dir);
  writeAtomic(join(dir, REPORT), await fitPage(done, { command: plan.command }));
  writeFitOutcome(dir, { format: 1, best: bestOf(fitResults(done)).name });
  return { dir, interrupted: false, fit: done };
}

/** The plan of a fit that has not started, and the data that it was made for. Writes nothing. */
export const preparedFit = async (
  { data, command = [], out: _, ...given }: FitRequest,
  { onDataProgress }: Pick<Watch, 'onDataProgress'> = {},
): Promise<{ plan: FitPlan; dataset: Dataset }> => {
  const options = { ...usualMachine(), budgetSeconds: USUAL_BUDGET, ...given };
  if (!(options.budgetSeconds > 0))
    throw new RangeError(
      `Cannot fit: budgetSeconds must be above 0, got ${options.budgetSeconds}; ask for 600 or more`,
    );
  const began = performance.now();
  const dataset = await prepare(data, { ...options, ...(onDataProgress && { onDataProgress }) });
  const spent = (): number => (performance.now() - began) / 1000;
  const sized = await planFit(dataset, { ...options, flip: data.flip }, { spent });
  const { budgetSeconds, seed, device, threads } = options;
  const plan: FitPlan = {
    format: 1,
    ...{ budgetSeconds, seed, device, threads },
    ...sized,
    data: JSON.parse(JSON.stringify(recordedRequest(data, dataset))),
    fingerprint: dataset.fingerprint,
    command,
  };
  return { plan, dataset };
};

/**
 * From labelled images to a tested network within a time. Searches cells, then trains the network found, a random cell
 * and a ResNet, to tell whether the search helped. Yields events; `result` is the outcome. All decisions are in
 * `fit.json` before the first part begins, so `resumeFit` ends in the same bytes.
 */
export const fit = (request: FitRequest, watch: Watch = {}): Underway<FitEvent, FitEnd> => {
  requireKnown(request, { names: requestNames, action: 'fit' });
  requireKnown(watch, { names: watchNames, action: 'follow a fit' });
  return withResult(starting(request, watch));
};

async function* starting(request: FitRequest, watch: Watch): AsyncGenerator<FitEvent, FitEnd> {
  const { out } = request;
  refuseOccupied(out);
  const { plan, dataset } = await preparedFit(request, watch);
  for (const text of dataTexts(dataset)) yield { type: 'notice', text };
  mkdirSync(out, { recursive: true });
  const { release } = lockRun(out);
  try {
    refuseOccupied(out);
    writeFitPlan(out, plan);
    yield { type: 'plan', dir: out, plan, resumed: false };
    return yield* carryOut(out, { plan, dataset, watch });
  } finally {
    release();
  }
}

/** Continues a fit exactly as if it had never stopped. Throws where its data have changed. */
export const resumeFit = (dir: string, watch: Watch & Given = {}): Underway<FitEvent, FitEnd> => {
  requireKnown(watch, { names: { ...watchNames, ...givenNames }, action: `continue ${dir}` });
  return withResult(resuming(dir, watch));
};

async function* resuming(
  dir: string,
  { data, dataset: given, ...watch }: Watch & Given,
): AsyncGenerator<FitEvent, FitEnd> {
  if (!isFit(dir)) throw new Error(`Cannot continue ${dir}: it must be a fit, it has no fit.json; check the path`);
  const plan = readFitPlan(dir);
  if (readFitOutcome(dir) !== undefined) {
    yield { type: 'notice', text: `${dir} is complete: nothing to resume` };
    return { dir, interrupted: false, fit: loadFit(dir) };
  }
  const { release } = lockRun(dir);
  try {
    const origin = {
      run: dir,
      action: 'continue',
      remedy: `restore the data, say where they are now with --data, or start a new fit`,
    };
    const recorded = requestOf(plan.data, origin);
    const request = { ...recorded, spec: data ?? recorded.spec };
    const dataset = given ?? (await fromOrigin(origin, () => prepare(request, { ...plan, ...watch })));
    requireSameData(dataset, {
      ...origin,
      data: { fingerprint: plan.fingerprint, spec: request.spec, counts: dataset.counts },
    });
    yield { type: 'plan', dir, plan, resumed: true };
    return yield* carryOut(dir, { plan, dataset, watch });
  } finally {
    release();
  }
}
