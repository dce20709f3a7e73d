import type { StepProfile, WorkTime } from '../learn/index.js';
import { grouped, plural, table } from './format.js';

const KINDS: readonly [WorkTime['kind'], string][] = [
  ['fused', 'fused operators'],
  ['libtorch', 'libtorch operators'],
  ['engine', 'engine, besides operators'],
  ['javascript', 'JavaScript'],
];

/** WorkTime that takes less than this share of the step has no line of its own. */
const LEAST = 0.002;

const milliseconds = (seconds: number): string => (1000 * seconds).toFixed(2);
const percent = (share: number): string => (100 * share).toFixed(2);
const numbers = ({ calls, seconds, share }: Omit<WorkTime, 'kind' | 'name'>): string[] => [
  calls === 0 ? '' : grouped(Math.round(calls)),
  milliseconds(seconds),
  percent(share),
];

const total = (work: readonly WorkTime[]): Omit<WorkTime, 'kind' | 'name'> => ({
  calls: work.reduce((sum, w) => sum + w.calls, 0),
  seconds: work.reduce((sum, w) => sum + w.seconds, 0),
  share: work.reduce((sum, w) => sum + w.share, 0),
});

const workRows = (work: readonly WorkTime[]): string[][] =>
  KINDS.flatMap(([kind, title]) => {
    const own = work.filter((w) => w.kind === kind);
    const rows = [[title, ...numbers(total(own))]];
    if (kind === 'javascript') return rows;
    const [shown, rest] = [own.filter((w) => w.share >= LEAST), own.filter((w) => w.share < LEAST)];
    for (const w of shown) rows.push([`  ${w.name.replace('engine: ', '')}`, ...numbers(w)]);
    if (rest.length > 0) rows.push([`  ${plural(rest.length, 'other')}`, ...numbers(total(rest))]);
    return rows;
  });

/**
 * Where the time of a search step goes, as two tables that line up: by phase, and by kind of work. Each adds up to the
 * step.
 */
export const profileTable = ({ steps, seconds, phases, work, validationSeconds }: StepProfile): string => {
  const javascript = phases.reduce((sum, p) => sum + p.javascript, 0);
  return [
    table(
      [
        ['phase of a step', 'ms', '%', 'JavaScript, ms'],
        ...phases.map((p) => [p.name, milliseconds(p.seconds), percent(p.share), milliseconds(p.javascript)]),
        [`step, mean of ${steps}`, milliseconds(seconds), '100.00', milliseconds(javascript)],
      ],
      { right: [1, 2, 3] },
    ),
    table(
      [
        ['work of a step', 'calls', 'ms', '%'],
        ...workRows(work),
        [`step, mean of ${steps}`, '', milliseconds(seconds), '100.00'],
      ],
      { right: [1, 2, 3] },
    ),
    ...(validationSeconds === null
      ? []
      : [`validation, once per epoch, in addition to the steps: ${validationSeconds.toFixed(2)} s`]),
  ].join('\n\n');
};
