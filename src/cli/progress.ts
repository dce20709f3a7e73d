import type { Progress } from '../data/index.js';
import { type ProgressStream, progressPrinter } from '../engine/progress.js';
import type { Forecast } from '../forecast/index.js';
import { printable } from '../label/index.js';
import type { RunEvent, Sink } from '../session/index.js';
import { bytes, duration, grouped, plural } from './format.js';
import { type TimeLeft, timeLeft } from './time-left.js';

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
  stream?: ProgressStream;
  title?: string;
  laterSeconds?: number;
  mostLines?: number;
} = {}): RunDisplay => {
  const live = stream.isTTY ? progressPrinter(stream) : { update: () => {}, end: () => {} };
  let perBatch = 1; // images of a step
  let firstPhase = '';
  let comparing = new Set<string>(); // phases whose steps compare candidates, and train nothing
  let expected: Forecast | undefined;
  let time: TimeLeft | undefined;
  let lastStep = 0; // when it ended

  const print = (line: string): void => {
    live.end();
    stream.write(`${printable(line)}\n`); // texts of a run folder may hold anything
  };
  const stepText = ({ epoch, step, steps, loss, accuracy }: RunEvent & { type: 'step' }): string => {
    const left = time?.left({ epoch, step });
    const perStep = time?.perStep(epoch);
    const usual = !comparing.has(time?.phase(epoch) ?? '');
    const pace = usual && perStep !== undefined ? `  ${Math.round(perBatch / perStep)} img/s` : '';
    return (
      // What matters most comes first: a narrow terminal cuts the end.
      `${title}epoch ${epoch + 1}/${epochsOf(epoch)} ${bar(step / steps)} ${usual ? 'step' : 'candidate'} ` +
      `${step}/${steps}${left === undefined ? '' : `  ${duration(left + laterSeconds)} left`}` +
      `  loss ${loss.toFixed(3)}  acc ${(100 * accuracy).toFixed(1)} %${pace}  ${bytes(process.memoryUsage.rss())}`
    );
  };
  const epochsOf = (epoch: number): number => Math.max(epoch + 1, time?.epochs() ?? 1);
  const on = (event: RunEvent): void => {
    if (event.type === 'start') {
      const { plan, epochs } = event;
      const { stepsPerEpoch } = event;
      perBatch = event.imagesPerStep;
      firstPhase = plan.phases[0]?.name ?? '';
      comparing = new Set(plan.phases.flatMap(({ name, steps }) => (steps === undefined ? [] : [name])));
      time = timeLeft(plan, { stepsPerEpoch, forecast: expected });
      const { kind, label } = plan.experiment;
      print(
        `${kind}: ${label}, ${grouped(event.weights)} weights, ${plural(stepsPerEpoch, 'step')} per epoch, ` +
          `${plural(epochs, 'epoch')} (kernels: ${event.kernels}) → ${event.run}`,
      );
    } else if (event.type === 'forecast') {
      expected = event;
      print(needs(event));
    } else if (event.type === 'stop') {
      time?.stop(event);
      print(`${event.phase} ends after epoch ${event.epoch}: ${event.reason}`);
    } else if (event.type === 'notice') print(event.text);
    else if (event.type === 'step') {
      time?.step(event);
      lastStep = performance.now();
      live.update({ text: stepText(event) });
    } else if (event.type === 'validation') {
      live.update({
        text:
          `${title}epoch ${event.epoch + 1}/${epochsOf(event.epoch)} ${bar(event.done / event.total)} ` +
          `validating ${event.done}/${event.total}`,
      });
    } else if (event.type === 'test')
      live.update({ text: `${title}testing ${bar(event.done / event.total)} ${event.done}/${event.total}` });
    else {
      const r = event.record;
      time?.epoch({ epoch: r.epoch, seconds: (performance.now() - lastStep) / 1000 });
      const epochs = epochsOf(r.epoch);
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
