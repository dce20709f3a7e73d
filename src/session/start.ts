import { availableParallelism, hostname } from 'node:os';
import { resolve } from 'node:path';
import { changesOf, describe, type Plan, stepsOf } from '../experiment/index.js';
import { type Forecast, forecast, type Processes, requireMemory } from '../forecast/index.js';
import { alone, type Group } from '../group/index.js';
import { requireKnown } from '../label/index.js';
import { runPhases } from '../loop/index.js';
import { createRun, openRun, type RunFolder, type RunInfo } from '../run/index.js';
import { kernels, requireDevice, threads, useDevice } from '../tensor/index.js';
import { carryAlong } from './carry-along.js';
import { carryOn } from './carry-on.js';
import { reading, stamped } from './checkpoint.js';
import { type DataOrigin, requireSameData } from './data-origin.js';
import { type DataRequest, IN_MEMORY, loadData, recordedRequest, requestOf, sizesOf } from './data-request.js';
import { augmentText, dataTexts, writeLists } from './data-texts.js';
import { type RunEvent, type RunRequest, type RunResult, runRequestNames, type Watch, watchNames } from './events.js';
import { resumable } from './failure.js';
import { noticesBefore, openParent, type Parent } from './fork.js';
import { commonOf, requireSameWords, requireShared } from './together.js';
import { augmentOf, fitting } from './unfit.js';
import { host, versions } from './versions.js';
import { type Underway, withResult } from './with-result.js';

/** What a run is carried out with unless said. */
export const usualMachine = () => ({ seed: 0, device: 'cpu', threads: availableParallelism() });

/** Makes sure that the machine can do what is asked of it. */
export const makeReady = ({ device, threads: n }: { device: string; threads: number }): void => {
  threads.set(n);
  useDevice(device);
  kernels();
};

/** Loads data, once the machine is known to be fit for the run: its device before anything is downloaded. */
export const prepare = async (
  data: DataRequest,
  {
    device,
    threads: n,
    origin,
    onDataProgress,
    force,
  }: { device: string; threads: number; origin?: DataOrigin | undefined } & Pick<Watch, 'onDataProgress' | 'force'>,
) => {
  requireDevice(device);
  return loadData(data, {
    onProgress: onDataProgress,
    origin,
    force,
    ready: () => makeReady({ device, threads: n }),
  });
};

/** How many processes there are, and how many on this machine; all of the group ask together. */
const processesOf = (group: Group): Processes => {
  const hosts = group.texts(hostname());
  return { all: group.size, here: hosts.filter((name) => name === hosts[group.rank]).length };
};

/**
 * What a run is expected to need, now that its data is loaded. Throws a MemoryError when that is more memory than it
 * can have, unless told to `force` it. Of other devices than the CPU nothing is known.
 */
export const requireForecast = async (
  plan: Plan,
  options: { sizes: Parameters<typeof sizesOf>[0]; device: string; action: string } & Pick<
    Watch,
    'force' | 'forecast' | 'group'
  >,
): Promise<Forecast | undefined> => {
  if (options.device !== 'cpu' || options.forecast === false) return undefined;
  const processes = processesOf(options.group ?? alone);
  if (options.group !== undefined && options.group.rank > 0) return undefined; // the first looks for all
  const expected = await forecast(plan, sizesOf(options.sizes), { loaded: true, processes });
  if (!options.force) requireMemory(expected, options);
  return expected;
};

/**
 * Starts a run and keeps it in a folder. Yields what happens; `result` is how it ends. Nothing is written before the
 * data is known to be good.
 */
export const startRun = (request: RunRequest, watch: Watch = {}): Underway<RunEvent, RunResult> => {
  requireKnown(request, { names: runRequestNames, action: 'start a run' });
  requireKnown(watch, { names: watchNames, action: 'follow a run' });
  return withResult(starting(request, watch));
};

/** Puts into a new folder what another run did for it. */
const takeOver = (folder: RunFolder, { records, checkpoint }: Parent): void => {
  try {
    for (const record of records) folder.appendRecord(record);
    // Killed before this, the run has no checkpoint and starts from its beginning: slower, the same. On other images
    // than its parent's it would not be the same, and `resume` says so.
    folder.checkpoints.save(checkpoint.position, stamped([checkpoint.bytes], folder));
  } catch (error) {
    folder.close();
    throw resumable(error, folder);
  }
};

async function* starting(request: RunRequest, watch: Watch): AsyncGenerator<RunEvent, RunResult> {
  const { plan, data = { spec: IN_MEMORY }, from, origin } = request;
  const { group = alone } = watch;
  const usual = usualMachine();
  const { seed = usual.seed, device = usual.device, threads: n = usual.threads } = request;
  requireShared(plan, { size: group.size, device });
  const dataset = request.dataset ?? (await prepare(data, { ...watch, device, threads: n, origin }));
  if (request.dataset !== undefined) makeReady({ device, threads: n });
  if (origin !== undefined) {
    const own = requestOf(origin.data['request'], origin);
    requireSameData(dataset, { ...origin, split: own.split === data.split ? 'same' : 'other' });
    const all = data.split === 'all' ? ', all of them to train on and none to validate' : '';
    yield { type: 'notice', text: `the data are those of ${origin.run}${all}` };
  }
  const augment = await augmentOf(plan, dataset, data);
  if (request.dataset === undefined)
    for (const text of [...dataTexts(dataset), augmentText(augment)]) yield { type: 'notice', text };
  const parent = from === undefined ? undefined : openParent(from, { plan, seed, dataset });
  const { kind } = plan.experiment;
  if (group.size > 1) {
    const checkpoint = parent?.checkpoint.file;
    requireSameWords(group, commonOf(plan, { seed, threads: n, data: dataset.fingerprint, checkpoint }));
  }
  const expected = await fitting(plan, () => requireForecast(plan, { sizes: dataset, device, action: kind, ...watch }));
  if (expected !== undefined) yield { type: 'forecast', ...expected };
  const live = await fitting(plan, () =>
    reading({ path: from ?? '', checkpoint: parent?.checkpoint }, () =>
      runPhases(plan.phases, {
        dataset,
        batchSize: plan.batchSize,
        steps: stepsOf(plan, dataset.train.labels.length),
        augment,
        seed,
        device,
        resume: parent?.checkpoint.bytes,
        records: parent?.records,
        profiler: watch.profiler,
        group,
      }),
    ),
  );
  // Whoever follows the run may leave before it is carried out, which then releases them.
  let folder: RunFolder | undefined;
  let carried = false;
  try {
    const spec = recordedRequest(data, dataset);
    const { name, fingerprint, classes, counts, available, channels, imageSize, mean, std, fit } = dataset;
    const info: RunInfo = {
      format: 2,
      name: plan.experiment.name,
      experiment: describe(plan),
      overrides: { ...request.overrides },
      changes: changesOf(plan),
      seed,
      data: {
        ...{ name, fingerprint, classes, counts, available, channels, imageSize, mean, std, fit },
        ...{ request: spec, spec: spec.spec, skipped: dataset.skipped, account: dataset.account },
      },
      // Of the network that will be used; a supernet is never run as it is.
      ...(kind === 'search' ? {} : { size: { weights: live.weights, multiplyAdds: live.multiplyAdds() } }),
      versions: versions(),
      host: host(),
      device,
      threads: threads.get(),
      ...(group.size === 1 ? {} : { processes: group.size }),
      command: [...(request.command ?? [])],
      startedAt: new Date().toISOString(),
      ...(from === undefined ? {} : { from: resolve(from) }),
      ...(parent?.adaptedFrom && { adaptedFrom: parent.adaptedFrom }),
    };
    if (group.rank > 0) {
      const [run = ''] = group.texts(''); // once the first has made it
      carried = true;
      return yield* carryAlong(live, { folder: openRun(run), plan, watch });
    }
    folder = createRun(request.out, JSON.parse(JSON.stringify(info)));
    writeLists(folder.path, dataset);
    for (const text of noticesBefore(plan, from)) yield { type: 'notice', text };
    if (parent !== undefined) {
      takeOver(folder, parent);
      const on =
        parent.adaptedFrom === undefined ? '' : `, which learned from other images (${parent.adaptedFrom.name})`;
      yield { type: 'notice', text: `continuing from ${from} after its ${parent.records.length} epochs${on}` };
    }
    group.texts(folder.path);
    carried = true;
    return yield* carryOn(live, { folder, plan, watch });
  } finally {
    if (!carried) {
      folder?.close();
      live.dispose();
    }
  }
}
