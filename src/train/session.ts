import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Dataset, dataNames, type Progress } from '../data/index.js';
import { createRun, type Evaluation, openRun, type Position, type RunFolder, type RunInfo } from '../run/index.js';
import { kernels, requireDevice, threads } from '../tensor/index.js';
import { type DataRequest, dataRequest, loadData } from './data-request.js';
import { type Estimate, foresee } from './estimate.js';
import { openParent } from './fork.js';
import { phasesOf } from './phase.js';
import type { StepProfiler } from './profiler.js';
import { describeRecipe, type Recipe, varied } from './recipe.js';
import { type Genotypes, type Search, type SearchEvent, search } from './search.js';
import { settings } from './settings.js';
import { readSwitches } from './switches.js';
import { versions } from './versions.js';

/** A search that is to leave a run folder behind. */
export interface RunRequest {
  readonly recipe: Recipe;
  readonly data: DataRequest;
  readonly seed: number;
  readonly device: string;
  readonly threads: number;
  /** The run folder: new or empty. */
  readonly out: string;
  /** A finished run that did the recipe's first phases: they are taken from it instead of being run again. */
  readonly from?: string | undefined;
  /** What was asked for beyond the recipe and its scale, for the record. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  readonly command?: readonly string[];
}

interface Watch {
  /** Aborting it saves a checkpoint and ends the run early. */
  readonly signal?: AbortSignal;
  readonly checkpointSeconds?: number; // between checkpoints within an epoch
  readonly onDataProgress?: Progress;
  /** Is told how the steps go, when they are to be timed. */
  readonly profiler?: StepProfiler | undefined;
  /** Go on although the run is expected to need more memory than it can have. */
  readonly force?: boolean | undefined;
}

/** What a run tells while it goes on. */
export type RunEvent =
  | SearchEvent
  | {
      readonly type: 'start';
      readonly run: string;
      readonly recipe: Recipe;
      readonly weights: number;
      readonly kernels: string;
      readonly stepsPerEpoch: number;
      readonly epoch: number;
      readonly epochs: number; // of all phases
    }
  | ({ readonly type: 'estimate' } & Estimate)
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'test'; readonly done: number; readonly total: number };

/** How a run ended. `evaluation` is there when it went to its end. */
export interface RunResult {
  readonly run: string;
  readonly interrupted: boolean;
  readonly evaluation?: Evaluation;
  readonly genotypes: Genotypes;
}

/** Starts a search and keeps it in a run folder. Yields what happens; returns how it ended. Nothing is written before the data is known to be good. */
export async function* startRun(request: RunRequest, watch: Watch = {}): AsyncGenerator<RunEvent, RunResult> {
  const { recipe, data, seed, device } = request;
  // A run is resumed from any folder.
  const spec = dataNames.includes(data.spec) ? data.spec : resolve(data.spec);
  const dataset = await loadData(data, {
    onProgress: watch.onDataProgress,
    ready: () => {
      threads.set(request.threads);
      requireDevice(device);
      kernels();
    },
  });
  const skipped = dataset.skipped.length;
  if (skipped > 0)
    yield { type: 'notice', text: `left out ${skipped} unreadable ${skipped === 1 ? 'image' : 'images'}` };
  const { from } = request;
  const parent = from === undefined ? undefined : openParent(from, { recipe, seed, fingerprint: dataset.fingerprint });
  const expected = await foresee(recipe, { dataset, device, action: 'search', force: watch.force });
  if (expected !== undefined) yield { type: 'estimate', ...expected };
  const live = search(recipe, { dataset, seed, device, resume: parent?.checkpoint.bytes, profiler: watch.profiler });
  const info: RunInfo = {
    format: 1,
    name: recipe.name,
    recipe: describeRecipe(recipe),
    overrides: { ...request.overrides },
    seed,
    data: {
      name: dataset.name,
      fingerprint: dataset.fingerprint,
      classes: dataset.classes,
      counts: dataset.counts,
      request: { ...data, spec },
      spec,
      skipped,
    },
    versions: versions(),
    device,
    threads: threads.get(),
    command: request.command ?? [],
    startedAt: new Date().toISOString(),
    ...(from === undefined ? {} : { from: resolve(from) }),
  };
  const folder = createRun(request.out, JSON.parse(JSON.stringify(info)));
  const mixings = phasesOf(recipe).flatMap(({ mixing, epochs }) =>
    mixing === undefined ? [] : Array.from({ length: epochs }, (_, e) => mixing(e / epochs)),
  );
  if (mixings.length > 0 && mixings.every((m) => m === 1))
    yield {
      type: 'notice',
      text: 'the mixing is 1 in every epoch: the class head is not trained at all; take more epochs',
    };
  if (parent !== undefined) {
    for (const record of parent.records) folder.appendRecord(record);
    // Killed before this, the run has no checkpoint and searches from its beginning: slower, the same.
    folder.checkpoints.save(parent.checkpoint.position, [parent.checkpoint.bytes]);
    yield { type: 'notice', text: `going on from ${from} after its ${parent.records.length} epochs` };
  }
  return yield* carryOn(live, { folder, recipe, watch });
}

/** A run's recipe as it was run: the named recipe with the settings and switches that run.json records. Throws when this version has no such recipe. */
export const recipeOf = (info: RunInfo, recipes: readonly Recipe[]): Recipe => {
  const recipe = recipes.find((r) => r.name === info.name);
  if (recipe === undefined)
    throw new Error(
      `Cannot open run: this version has no recipe "${info.name}", only ${recipes.map((r) => r.name).join(', ')}`,
    );
  const found = settings.safeParse(info.recipe.settings);
  if (!found.success)
    throw new Error(
      `Cannot open run: the settings in run.json are damaged (${found.error.issues[0]?.path.join('.')}); restore it from a copy`,
    );
  return varied({ ...recipe, settings: found.data }, readSwitches(info.recipe.switches));
};

/**
 * Goes on with a run from its newest good checkpoint, exactly as if it had never stopped. Throws when another process holds the run, when its
 * data has changed, or when every checkpoint is damaged.
 */
export async function* resumeRun(
  dir: string,
  { recipes, ...watch }: { recipes: readonly Recipe[] } & Watch,
): AsyncGenerator<RunEvent, RunResult> {
  const folder = openRun(dir, { write: true });
  try {
    const { info } = folder;
    const done = folder.readEvaluation();
    if (done !== undefined) {
      yield { type: 'notice', text: `${dir} is complete: nothing to resume` };
      folder.close();
      return { run: dir, interrupted: false, evaluation: done, genotypes: folder.readGenotype() ?? {} };
    }
    const recipe = recipeOf(info, recipes);
    const { dataset, live, notices, position } = await reopen(folder, recipe, watch);
    const expected = await foresee(recipe, {
      dataset,
      device: info.device,
      action: 'resume',
      force: watch.force,
    }).catch((error) => {
      live.dispose();
      throw error;
    });
    if (expected !== undefined) yield { type: 'estimate', ...expected };
    const from =
      position === undefined
        ? 'no checkpoint yet: starting from the beginning'
        : `resuming at epoch ${position.epoch + 1}, step ${position.step}`;
    const records = folder.records().length;
    if (records < (position?.epoch ?? 0))
      notices.push(
        `metrics.jsonl holds ${records} records of ${position?.epoch ?? 0} epochs: the others were lost and stay so`,
      );
    for (const text of [...notices, from]) {
      folder.log(text);
      yield { type: 'notice', text };
    }
    return yield* carryOn(live, { folder, recipe, watch });
  } catch (error) {
    folder.close();
    throw error;
  }
}

/** The search of a run as its newest good checkpoint has it, with its data. `position` is that checkpoint's; a run has none before its first. */
export const reopen = async (
  folder: RunFolder,
  recipe: Recipe,
  { onDataProgress }: Pick<Watch, 'onDataProgress'> = {},
): Promise<{ dataset: Dataset; live: Search; notices: string[]; position: Position | undefined }> => {
  const { info } = folder;
  const request = dataRequest.safeParse(info.data['request']);
  if (!request.success)
    throw new Error(`Cannot continue ${folder.path}: the data request in run.json is damaged; restore it from a copy`);
  const dataset = await loadData(request.data, {
    onProgress: onDataProgress,
    ready: () => {
      threads.set(info.threads);
      requireDevice(info.device);
      kernels();
    },
  });
  if (dataset.fingerprint !== info.data.fingerprint)
    throw new Error(
      `Cannot continue ${folder.path}: its data must be what it was (fingerprint ${info.data.fingerprint.slice(0, 12)}…), ${info.data.spec} now has ${dataset.fingerprint.slice(0, 12)}…; restore the data or start a new run`,
    );
  const notices: string[] = [];
  const now = versions();
  for (const [name, version] of Object.entries(info.versions))
    if (now[name] !== version)
      notices.push(
        `${name} was ${version} when the run began and is ${now[name] ?? 'missing'} now: numbers may differ in their last digits`,
      );
  const checkpoint = folder.checkpoints.newest();
  for (const file of checkpoint?.damaged ?? [])
    notices.push(`checkpoint ${file} is damaged: going back to the one before`);
  const live = search(recipe, { dataset, seed: info.seed, device: info.device, resume: checkpoint?.bytes });
  return { dataset, live, notices, position: checkpoint?.position };
};

const CHECKPOINT_SECONDS = 180;

async function* carryOn(
  live: Search,
  { folder, recipe, watch }: { folder: RunFolder; recipe: Recipe; watch: Watch },
): AsyncGenerator<RunEvent, RunResult> {
  const { signal, checkpointSeconds = CHECKPOINT_SECONDS } = watch;
  const now = versions();
  let saved = performance.now();
  const save = (): void => {
    const { epoch, step, bytes } = live.snapshot();
    folder.checkpoints.save({ epoch, step }, bytes);
    saved = performance.now();
  };
  try {
    const { epoch: first } = live.snapshot();
    folder.truncateRecords((record) => record.epoch < first);
    folder.log(
      `${first === 0 ? 'searching' : 'searching on'}: ${recipe.label}, ${live.weights} weights, kernels: ${kernels()}`,
    );
    yield {
      type: 'start',
      run: folder.path,
      recipe,
      weights: live.weights,
      kernels: kernels(),
      stepsPerEpoch: live.stepsPerEpoch,
      epoch: first,
      epochs: live.epochs,
    };
    for await (const event of live) {
      if (event.type === 'epoch') {
        // The checkpoint last: a kill before it leaves a record too many, which resuming drops, and never a record or genotype too few.
        folder.appendRecord({
          ...event.record,
          peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
          ...(isDeepStrictEqual(now, folder.info.versions) ? {} : { versions: now }),
        });
        folder.writeGenotype(event.record.genotype);
        save();
        folder.log(
          `epoch ${event.record.epoch + 1}: loss ${event.record.trainLoss}, validation ${event.record.validAccuracy}`,
        );
      } else if (event.type === 'step' && performance.now() - saved > checkpointSeconds * 1000) save();
      if (signal?.aborted) {
        save();
        folder.log('interrupted: saved');
        return { run: folder.path, interrupted: true, genotypes: live.genotypes() };
      }
      yield event;
    }
    const pass = live.evaluate();
    let tested = await pass.next();
    for (; !tested.done; tested = await pass.next()) {
      if (signal?.aborted) return { run: folder.path, interrupted: true, genotypes: live.genotypes() };
      yield { type: 'test', ...tested.value };
    }
    const evaluation = tested.value;
    folder.writeEvaluation(evaluation);
    folder.log(`done: test accuracy ${evaluation.accuracy}`);
    return { run: folder.path, interrupted: false, evaluation, genotypes: live.genotypes() };
  } catch (error) {
    folder.logFailure(error);
    throw error;
  } finally {
    live.dispose();
    folder.close();
  }
}
