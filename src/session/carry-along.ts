import type { Plan } from '../experiment/index.js';
import type { Live } from '../loop/index.js';
import type { RunFolder } from '../run/index.js';
import { kernels } from '../tensor/index.js';
import type { RunEvent, RunResult, Watch } from './events.js';
import { failureOf } from './failure.js';
import { stopOf } from './together.js';

/**
 * Carries a run to its end in a process that writes nothing: the first of the group keeps the folder, and tests the
 * network when all steps are taken.
 */
export async function* carryAlong(
  live: Live,
  { folder, plan, watch }: { folder: RunFolder; plan: Plan; watch: Watch },
): AsyncGenerator<RunEvent, RunResult> {
  const stopping = stopOf(watch);
  const run = folder.path;
  const ended = (interrupted: boolean): RunResult => ({ run, interrupted, genotypes: live.genotypes() });
  try {
    const { epoch, epochs, weights, stepsPerEpoch, imagesPerStep } = live;
    yield {
      type: 'start',
      ...{ run, plan, weights, stepsPerEpoch, imagesPerStep, epoch, epochs },
      kernels: kernels(),
    };
    for await (const event of live) {
      if (stopping()) return ended(true);
      yield event;
    }
    return ended(false);
  } catch (error) {
    throw failureOf(error, { folder, plan });
  } finally {
    live.dispose();
  }
}
