import { expandAugment } from '../augment/index.js';
import type { Dataset } from '../data/index.js';
import { type Plan, planOf, stepsOf } from '../experiment/index.js';
import { alone } from '../group/index.js';
import { type OptionNames, requireKnown } from '../label/index.js';
import { type Live, runPhases } from '../loop/index.js';
import { type Checkpoint, openRun, type Position, type RunFolder } from '../run/index.js';
import { carryAlong } from './carry-along.js';
import { carryOn } from './carry-on.js';
import { reading, requireOwn } from './checkpoint.js';
import { type DataOrigin, requireSameData } from './data-origin.js';
import { IN_MEMORY, requestOf } from './data-request.js';
import { type RunEvent, type RunResult, type Watch, watchNames } from './events.js';
import { resumable } from './failure.js';
import { makeReady, prepare, requireForecast } from './start.js';
import { commonOf, requireProcesses, requireSameWords } from './together.js';
import { versions } from './versions.js';
import { type Underway, withResult } from './with-result.js';

/**
 * A run as its newest good checkpoint has it, with its data. `position` is that checkpoint's; a run has none before its
 * first.
 */
export interface Reopened {
  readonly dataset: Dataset;
  readonly plan: Plan;
  readonly notices: readonly string[];
  readonly position: Position | undefined;
  /** Builds the network and puts the checkpoint back. */
  live(): Live;
}

/** Where the images of the run are now. */
export interface Given {
  /** In memory already. */
  readonly dataset?: Dataset | undefined;
  /** At another name or path than the run has recorded. */
  readonly data?: string | undefined;
}

export const givenNames: OptionNames<Given> = { dataset: true, data: true };

/**
 * The newest good checkpoint whose epochs all have their records: continuing from another would leave a gap. Throws if
 * there are checkpoints, but none that early.
 */
const standingOf = ({ path, checkpoints, records }: RunFolder): Checkpoint | undefined => {
  const epochs = records().length;
  const found = checkpoints.newest({ epochs });
  const [newest] = checkpoints.list();
  if (found !== undefined || newest === undefined) return found;
  throw new Error(
    `Cannot continue ${path}: metrics.jsonl must have a record of each epoch before a checkpoint, it has ${epochs} ` +
      `of ${newest.position.epoch}; restore it from a copy, or start a new run`,
  );
};

/** Loads what a run folder describes. Throws when its data has changed, or when every checkpoint is damaged; errors of
 * data say what could not be done (`action`) and what to do (`remedy`). */
export const reopen = async (
  folder: RunFolder,
  {
    onDataProgress,
    profiler,
    action = 'continue',
    remedy = 'restore the data, say where they are now with --data, or start a new run',
    dataset: given,
    data,
    group = alone,
    force,
  }: Pick<Watch, 'onDataProgress' | 'profiler' | 'group' | 'force'> &
    Given &
    Partial<Pick<DataOrigin, 'action' | 'remedy'>> = {},
): Promise<Reopened> => {
  const { info, path } = folder;
  const plan = planOf(info.experiment, { run: path });
  const recorded = requestOf(info.data['request'], { run: path });
  const request = { ...recorded, spec: data ?? recorded.spec };
  const origin: DataOrigin = { run: path, data: info.data, action, remedy };
  if (given === undefined && request.spec === IN_MEMORY)
    throw new Error(`Cannot continue ${path}: its data were given in memory; give them again as \`dataset\``);
  const dataset =
    given ?? (await prepare(request, { ...info, origin, force, ...(onDataProgress && { onDataProgress }) }));
  if (given !== undefined) makeReady(info);
  requireSameData(dataset, origin);
  const now = versions();
  const changed = Object.entries(info.versions).filter(([name, version]) => now[name] !== version);
  const checkpoint = standingOf(folder);
  if (checkpoint !== undefined) requireOwn(folder, checkpoint);
  else if (info.adaptedFrom !== undefined)
    throw new Error(
      `Cannot ${action} ${folder.path}: there must be a checkpoint, there is none, and its first ` +
        `${info.adaptedFrom.epochs} epochs are of other images (${info.adaptedFrom.name}); remove it and start again ` +
        `from ${info.from ?? 'the search before it'}`,
    );
  if (group.size > 1) {
    const { seed, threads } = info;
    const { fingerprint } = dataset;
    requireSameWords(group, commonOf(plan, { seed, threads, data: fingerprint, checkpoint: checkpoint?.file }));
  }
  const epochs = folder.records().length;
  const later = folder.checkpoints.list().filter((one) => one.position.epoch > epochs);
  const notices = [
    ...changed.map(
      ([name, version]) =>
        `${name} was ${version} when the run began and is ${now[name] ?? 'missing'} now: ` +
        'numbers may differ in their last digits',
    ),
    ...(checkpoint?.damaged ?? []).map((file) => `checkpoint ${file} is damaged: going back to the one before`),
    ...later.map(({ file }) => `checkpoint ${file} is of epochs whose records are lost: going back to the one before`),
  ];
  const position = checkpoint?.position;
  const live = () =>
    reading({ path, checkpoint }, () =>
      runPhases(plan.phases, {
        dataset,
        batchSize: plan.batchSize,
        steps: stepsOf(plan, dataset.train.labels.length),
        augment: expandAugment(plan.augment, { usual: dataset.augment, flip: request.flip }),
        seed: info.seed,
        device: info.device,
        resume: checkpoint?.bytes,
        records: folder.records().filter(({ epoch }) => epoch < (position?.epoch ?? 0)),
        profiler,
        group,
      }),
    );
  return { dataset, plan, notices, position, live };
};

/** What a run came to that is at its end. */
const completeAt = ({ path, readEvaluation, readGenotype }: RunFolder): RunResult | undefined => {
  const evaluation = readEvaluation();
  return evaluation && { run: path, interrupted: false, evaluation, genotypes: readGenotype() ?? {} };
};

/**
 * Continues a run from its newest good checkpoint, exactly as if it had never stopped. Throws when another process
 * holds the run, when its data has changed, or when every checkpoint is damaged.
 */
export const resumeRun = (dir: string, watch: Watch & Given = {}): Underway<RunEvent, RunResult> => {
  requireKnown(watch, { names: { ...watchNames, ...givenNames }, action: `continue ${dir}` });
  return withResult(resuming(dir, watch));
};

async function* resuming(dir: string, watch: Watch & Given): AsyncGenerator<RunEvent, RunResult> {
  const complete = completeAt(openRun(dir)); // nothing is written into a run that is
  if (complete !== undefined) {
    yield { type: 'notice', text: `${dir} is complete: nothing to resume` };
    return complete;
  }
  const { group = alone } = watch;
  const { processes } = openRun(dir).info;
  requireProcesses(dir, { processes, size: group.size });
  const folder = openRun(dir, { write: group.rank === 0 });
  try {
    const { info } = folder;
    const since = completeAt(folder); // another process may have been at its end
    if (since !== undefined) return since;
    const { dataset, plan, notices, position, live } = await reopen(folder, watch);
    const expected = await requireForecast(plan, {
      sizes: dataset,
      device: info.device,
      action: 'resume',
      ...watch,
    });
    if (expected !== undefined) yield { type: 'forecast', ...expected };
    const epoch = position?.epoch ?? 0;
    const from =
      position === undefined
        ? 'no checkpoint yet: starting from the beginning'
        : `resuming at epoch ${epoch + 1}, step ${position.step}`;
    if (group.rank > 0) return yield* carryAlong(live(), { folder, plan, watch });
    for (const text of [...notices, from]) {
      folder.log(text);
      yield { type: 'notice', text };
    }
    return yield* carryOn(live(), { folder, plan, watch });
  } catch (error) {
    throw resumable(error, folder);
  } finally {
    folder.close(); // also where whoever follows the run leaves before it goes on
  }
}
