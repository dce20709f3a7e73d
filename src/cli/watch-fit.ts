import type { FitEnd, FitEvent } from '../fit/index.js';
import { commandText } from '../measure/index.js';
import type { FitPart, FitPlan } from '../run/index.js';
import type { RunEvent, Underway, Watch } from '../session/index.js';
import { fitJson, fitSummary } from './fit-summary.js';
import { EXIT, follow } from './follow.js';
import { duration, percent } from './format.js';
import { runDisplay, silent } from './progress.js';
import { eventKeeper } from './tensorboard.js';

/** A part of a fit in words. */
export const partWords = (name: FitPart, { parts }: Pick<FitPlan, 'parts'>): string =>
  ({
    search: `search (${parts.search.what})`,
    network: 'the network found, trained',
    random: 'a random cell, trained',
    resnet: `${parts.resnet.what}, trained`,
  })[name];

/** Follows a fit to its end, and prints what came of it. */
export const watchFit = async (
  start: (watch: Pick<Watch, 'signal' | 'onDataProgress'>) => Underway<FitEvent, FitEnd>,
  {
    json = false,
    quiet = false,
    tensorboard = false,
  }: { json?: boolean | undefined; quiet?: boolean | undefined; tensorboard?: boolean | undefined },
): Promise<void> => {
  let display = quiet ? silent : runDisplay();
  let plan: FitPlan | undefined;
  const say = (text: string): void => display.on({ type: 'notice', text });
  const board = eventKeeper(tensorboard, say);
  const onEvent = (event: FitEvent): void => {
    board.on(event);
    if (event.type === 'plan') {
      plan = event.plan;
      const seconds = Object.values(plan.parts).reduce((sum, part) => sum + part.expectedSeconds, 0);
      const whole = `about ${duration(seconds)} for all four parts, within ${duration(plan.budgetSeconds)}`;
      say(event.resumed ? `${event.dir} continues; it was planned as ${whole}` : `${whole} → ${event.dir}`);
    } else if (event.type === 'part') {
      const { number, of, name, laterSeconds } = event;
      display.end();
      if (!quiet) display = runDisplay({ title: `${number}/${of} `, laterSeconds, mostLines: 10 });
      say(`${number} of ${of}: ${plan === undefined ? name : partWords(name, plan)}`);
    } else if (event.type === 'part-end') {
      const { evaluation } = event.result;
      const whose = event.name === 'search' ? ' (of the supernet, which will not be used itself)' : '';
      say(`test: mean per class ${percent(evaluation?.meanPerClassAccuracy ?? null)}${whose}`);
    } else display.on(event);
  };
  const { value, received } = await follow(
    (signal) => start({ signal, onDataProgress: (event) => display.onData(event) }),
    {
      stop: new AbortController(),
      started: 'plan',
      onEvent,
      display: { on: (event: RunEvent) => display.on(event), end: () => display.end() },
    },
  );
  if (value.fit === undefined) {
    process.stderr.write(`saved; continue with: ${commandText(['tailnas', 'resume', value.dir])}\n`);
    process.exitCode = received === undefined ? 0 : EXIT[received];
    return;
  }
  process.stdout.write(`${json ? JSON.stringify(fitJson(value.fit)) : fitSummary(value.fit)}\n`);
};
