import { isDeepStrictEqual } from 'node:util';
import type { Plan } from '../experiment/index.js';
import type { Live } from '../loop/index.js';
import { collapseTexts, type RunFolder } from '../run/index.js';
import { kernels, memory } from '../tensor/index.js';
import { stamped } from './checkpoint.js';
import type { RunEvent, RunResult, Sink, Watch } from './events.js';
import { failureOf } from './failure.js';
import { keepCells, keepPictures, mistakesWanted } from './pictures.js';
import { stopOf } from './together.js';
import { versions } from './versions.js';

const CHECKPOINT_SECONDS = 180;

/** The most memory of a run so far, in bytes: of the process, or of the GPU that it runs on. */
const peakMemory = (device: string): number =>
  device === 'cpu' ? process.resourceUsage().maxRSS * 1024 : memory.stats(device).peak;

/** Keeps a run's records, cells and log in its folder. */
const folderSink = (folder: RunFolder): Sink => {
  const now = versions();
  return {
    on: (event) => {
      if (event.type === 'stop') folder.log(`phase ${event.phase} ended early: ${event.reason}`);
      if (event.type !== 'epoch') return;
      const { record } = event;
      folder.appendRecord({
        ...record,
        peakMemoryBytes: peakMemory(folder.info.device),
        ...(isDeepStrictEqual(now, folder.info.versions) ? {} : { versions: now }),
      });
      if (record.genotype !== undefined) folder.writeGenotype(record.genotype);
      folder.log(`epoch ${record.epoch + 1}: loss ${record.trainLoss}, validation ${record.validAccuracy ?? 'none'}`);
    },
    end: () => folder.close(),
  };
};

/** Carries a run to its end and keeps it in its folder; releases both, however it ends. */
export async function* carryOn(
  live: Live,
  { folder, plan, watch }: { folder: RunFolder; plan: Plan; watch: Watch },
): AsyncGenerator<RunEvent, RunResult> {
  const { signal, checkpointSeconds = CHECKPOINT_SECONDS } = watch;
  const stopping = stopOf(watch);
  const sink = folderSink(folder);
  let saved = performance.now();
  const save = (): void => {
    const { epoch, step, bytes } = live.snapshot();
    folder.checkpoints.save({ epoch, step }, stamped(bytes, folder));
    saved = performance.now();
  };
  const ended = (): RunResult => ({ run: folder.path, interrupted: true, genotypes: live.genotypes() });
  try {
    const { epoch: first, epochs, weights, stepsPerEpoch, imagesPerStep } = live;
    folder.truncateRecords((record) => record.epoch < first);
    const { kind, label } = plan.experiment;
    folder.log(`${kind}, from epoch ${first + 1}: ${label}, ${weights} weights, kernels: ${kernels()}`);
    yield {
      type: 'start',
      run: folder.path,
      plan,
      weights,
      kernels: kernels(),
      stepsPerEpoch,
      imagesPerStep,
      epoch: first,
      epochs,
    };
    for await (const event of live) {
      // The checkpoint last: a kill before it leaves a record too many, which resuming drops, and never a record or
      // genotype too few.
      sink.on(event);
      const due = event.type === 'step' && performance.now() - saved > checkpointSeconds * 1000;
      if (event.type === 'epoch' || due) save();
      if (stopping()) {
        save();
        folder.log('interrupted: saved');
        return ended();
      }
      yield event;
    }
    // A phase without epochs has built another network since.
    if (plan.phases.at(-1)?.epochs === 0) save();
    // A search is tested as a supernet, which nobody uses: what that gets wrong is of no interest.
    const onMistakes = kind === 'search' ? undefined : mistakesWanted();
    const pass = live.evaluate({ onMistakes });
    let tested = await pass.next();
    for (; !tested.done; tested = await pass.next()) {
      if (signal?.aborted) return ended();
      yield { type: 'test', ...tested.value };
    }
    const evaluation = tested.value;
    const genotypes = live.genotypes();
    // Before the result, which says that nothing is left to do.
    if (Object.keys(genotypes).length > 0) {
      folder.writeGenotype(genotypes);
      await keepCells(folder, genotypes);
    }
    if (kind === 'search') for (const text of collapseTexts(genotypes, plan.values)) yield { type: 'notice', text };
    if (onMistakes !== undefined) await keepPictures(live, { folder, evaluation, mistakes: onMistakes.taken() });
    folder.writeEvaluation(evaluation);
    folder.log(`done: test accuracy ${evaluation.accuracy}`);
    return { run: folder.path, interrupted: false, evaluation, genotypes };
  } catch (error) {
    const told = failureOf(error, { folder, plan });
    folder.logFailure(told);
    throw told;
  } finally {
    live.dispose();
    sink.end();
  }
}
