import type { Progress } from '../data/index.js';
import { progressPrinter } from '../engine/progress.js';
import type { Forecast } from '../forecast/index.js';
import { printable } from '../label/index.js';
import type { RunEvent, Sink } from '../session/index.js';
import { bytes, duration, grouped, plural } from './format.js';

/**
 * Shows a run's progress: one live line on a terminal, a line per epoch elsewhere. All of it goes to stderr: stdout is
 * for results.
 */
export interface RunDisplay extends Sink {
  readonly onData: Progress;
}

const BAR = 20;
const bar = (share: number): string => {
  const full = Math.round(Math.min(1, share) * BAR);
  return '█'.repeat(full) + '░'.repeat(BAR - full);
};

const share = (of: number): string => `${(100 * of).toFixed(1).padStart(5)} %`;

/** What a run is expected to need, in a line. */
const needs = ({ expectedMemoryBytes, expectedSecondsPerEpoch, freeMemoryBytes }: Forecast): string =>
  `needs about ${bytes(expectedMemoryBytes)} of memory and ${duration(expectedSecondsPerEpoch)} per epoch; ` +
  `${bytes(freeMemoryBytes)} are free`;

/** The display that shows nothing. */
export const silent: RunDisplay = { on: () => {}, onData: () => {}, end: () => {} };

/** Shows how far a count is, with the time left: on a terminal only. */
export interface CountDisplay {
  update(done: number, total: number): void;
  end(): void;
}

/** A display of images that are done: `predicting █████░░░░░ 500/1,000  312 img/s  0:02 left`. */
export const countDisplay = (
  verb: string,
  { stream = process.stderr }: { stream?: NodeJS.WriteStream } = {},
): CountDisplay => {
  if (!stream.isTTY) return { update: () => {}, end: () => {} };
  const live = progressPrinter(stream);
  const began = performance.now();
  return {
    update: (done, total) => {
      const perImage = (performance.now() - began) / 1000 / done;
      const left = done === 0 ? '' : `  ${Math.round(1 / perImage)} img/s  ${duration((total - done) * perImage)} left`;
      live.update({ text: `${verb} ${bar(done / total)} ${grouped(done)}/${grouped(total)}${left}` });
    },
    end: live.end,
  };
};

/**
 * `title` precedes each live line, `laterSeconds` are added to the time that is left, and of many epochs no more than
 * about `mostLines` are printed.
 */
export const runDisplay = ({
  stream = process.stderr,
  title = '',
  laterSeconds = 0,
  mostLines = Number.POSITIVE_INFINITY,
}: {
  stream?: NodeJS.WriteStream;
  title?: string;
  laterSeconds?: number;
  mostLines?: number;
} = {}): RunDisplay => {
  const live = stream.isTTY ? progressPrinter(stream) : { update: () => {}, end: () => {} };
  let epochs = 1;
  let perBatch = 1; // images of a step
  let firstPhase = '';
  let perStep: number | undefined;
  let perEpochRest = 0; // validation, in seconds
  let validationFrom = 0;

  const print = (line: string): void => {
    live.end();
    stream.write(`${printable(line)}\n`); // texts of a run folder may hold anything
  };
  const left = (epoch: number, steps: number, step: number): string => {
    if (perStep === undefined) return '';
    const epochsToCome = epochs - epoch - 1;
    return duration((steps - step + epochsToCome * steps) * perStep + (epochsToCome + 1) * perEpochRest + laterSeconds);
  };
  const on = (event: RunEvent): void => {
    if (event.type === 'start') {
      epochs = event.epochs;
      perBatch = event.imagesPerStep;
      firstPhase = event.plan.phases[0]?.name ?? '';
      const { kind, label } = event.plan.experiment;
      print(
        `${kind}: ${label}, ${grouped(event.weights)} weights, ${plural(event.stepsPerEpoch, 'step')} per epoch, ` +
          `${plural(epochs, 'epoch')} (kernels: ${event.kernels}) → ${event.run}`,
      );
    } else if (event.type === 'forecast') print(needs(event));
    else if (event.type === 'stop') print(`${event.phase} ends after epoch ${event.epoch}: ${event.reason}`);
    else if (event.type === 'notice') print(event.text);
    else if (event.type === 'step') {
      // The first step warms caches and memory up: it says little of those to come.
      perStep = perStep === undefined || event.step <= 2 ? event.seconds : 0.95 * perStep + 0.05 * event.seconds;
      validationFrom = performance.now();
      const { epoch, step, steps, loss, accuracy } = event;
      live.update({
        // What matters most comes first: a narrow terminal cuts the end.
        text:
          `${title}epoch ${epoch + 1}/${epochs} ${bar(step / steps)} step ${step}/${steps}` +
          `  ${left(epoch, steps, step)} left` +
          `  loss ${loss.toFixed(3)}  acc ${(100 * accuracy).toFixed(1)} %` +
          `  ${Math.round(perBatch / perStep)} img/s  ${bytes(process.memoryUsage.rss())}`,
      });
    } else if (event.type === 'validation') {
      perEpochRest = Math.max(perEpochRest, (performance.now() - validationFrom) / 1000);
      live.update({
        text:
          `${title}epoch ${event.epoch + 1}/${epochs} ${bar(event.done / event.total)} ` +
          `validating ${event.done}/${event.total}`,
      });
    } else if (event.type === 'test')
      live.update({ text: `${title}testing ${bar(event.done / event.total)} ${event.done}/${event.total}` });
    else {
      const r = event.record;
      const every = Math.max(1, Math.ceil(epochs / mostLines));
      if ((r.epoch + 1) % every !== 0 && r.epoch + 1 !== epochs) return;
      const classes = (r.perClassAccuracy ?? []).filter((a) => a !== null);
      const perClass = classes.reduce((sum, a) => sum + a, 0) / classes.length;
      const valid =
        r.validLoss === null || r.validAccuracy === null
          ? ''
          : `  valid ${r.validLoss.toFixed(3)} ${share(r.validAccuracy)}  per class ${share(perClass)}`;
      // 80 columns: a log should not wrap.
      print(
        `epoch ${String(r.epoch + 1).padStart(String(epochs).length)}/${epochs}` +
          `  train ${r.trainLoss.toFixed(3)} ${share(r.trainAccuracy)}${valid}  ${duration(r.seconds)}` +
          (r.phase === firstPhase ? '' : `  ${r.phase}`),
      );
    }
  };
  return {
    on,
    onData: ({ action, done, total }) => {
      const verb = action === 'download' ? 'downloading' : 'loading images';
      live.update({
        text:
          total === undefined
            ? `${verb} ${grouped(done)}`
            : `${verb} ${bar(done / total)} ${grouped(done)}/${grouped(total)}`,
      });
    },
    end: () => live.end(),
  };
};
