import { expect, it } from 'vitest';
import { tinyPlan, tinyRun } from '../../test/support/tiny.js';
import type { ExpectedEpoch } from '../forecast/index.js';
import { runDisplay } from './progress.js';

/** All texts of a display on a terminal, of a tiny run of which this is forecast: [seconds of a step, by phase]. */
const shown = async (recipe: string, perStep: Readonly<Record<string, number>>): Promise<string[]> => {
  const written: string[] = [];
  const display = runDisplay({ stream: { isTTY: true, columns: 200, write: (text) => written.push(text) } });
  const plan = tinyPlan({ epochs: 1, candidates: 3, candidateBatches: 1 }, recipe);
  const live = tinyRun(plan.phases);
  const { weights, stepsPerEpoch, imagesPerStep, epochs } = live;
  const expectedEpochs = plan.phases.map(
    ({ name, steps = stepsPerEpoch }): ExpectedEpoch => ({
      ...{ phase: name, first: 0, steps, perStep: perStep[name] ?? 0, last: 0 },
    }),
  );
  const seconds = expectedEpochs.reduce((sum, epoch) => sum + epoch.steps * epoch.perStep, 0);
  display.on({
    ...{ type: 'forecast', weights, stepsPerEpoch, expectedMemoryBytes: 0, freeMemoryBytes: 0, largestBatch: 1 },
    ...{ expectedSeconds: seconds, expectedSecondsPerEpoch: 0, expectedSecondsPerStep: 0, expectedEpochs },
  });
  display.on({
    ...{ type: 'start', run: 'here', plan, weights, kernels: 'plain', stepsPerEpoch, imagesPerStep, epoch: 0, epochs },
  });
  // As if each step had taken what was forecast.
  for await (const event of live)
    display.on(
      event.type === 'step' ? { ...event, seconds: perStep[event.epoch === 0 ? 'search' : 'selection'] ?? 0 } : event,
    );
  live.dispose();
  display.end();
  return written;
};

it('the line of a run says candidates where they are compared, at their own cost', async () => {
  const written = await shown('random-ws', { search: 60, selection: 3600 });
  const lineOf = (text: string): string => written.find((line) => line.includes(text)) ?? '';
  // Two steps of a minute and three candidates of an hour; then two candidates.
  expect(lineOf('step 2/4')).toMatch(/^\r\S+epoch 1\/2 \S+ step 2\/4 {2}3:02:00 left {2}loss .* img\/s {2}/);
  expect(lineOf('candidate 1/3')).toMatch(/epoch 2\/2 \S+ candidate 1\/3 {2}2:00:00 left {2}loss/);
  expect(lineOf('candidate 1/3')).not.toContain('img/s');
});
