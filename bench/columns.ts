import { bytes, table } from '../src/cli/format.js';
import type { Result } from './rounds.js';
import { offLine } from './statistics.js';

/** A column of a table: its heading, and what it says of a result; `all` are the table's results. */
export interface Column {
  readonly title: string;
  readonly of: (result: Result, all: readonly Result[]) => string;
}

/** `1.23 s`, `45.6 ms`, `0.78 µs`. */
export const time = (seconds: number): string => {
  const [scale, unit] = seconds >= 1 ? [1, 's'] : seconds >= 1e-3 ? [1e3, 'ms'] : [1e6, 'µs'];
  const value = seconds * scale;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
};

export const step: Column = { title: 'step', of: (r) => time(r.step.median) };
export const range: Column = { title: 'min–max', of: (r) => `${time(r.step.min)}–${time(r.step.max)}` };
export const memory: Column = { title: 'peak memory', of: (r) => bytes(r.peakMemoryBytes) };

/** Time per amount beside the group's first line, with what it was in the best and the worst round. */
export const ratio = (title: string): Column => ({
  title,
  of: ({ ratio: { median, min, max } }) =>
    min === max ? median.toFixed(2) : `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`,
});

/** Time per amount. */
export const per = (unit: string): Column => ({ title: `per ${unit}`, of: (r) => time(r.step.median / r.amount) });

/** How far a line's time is from the straight line through its group's. */
export const linearity: Column = {
  title: 'off the line',
  of: (result, all) => {
    const group = all.filter((r) => r.group === result.group);
    const off = offLine(group.map((r) => ({ x: r.amount, y: r.step.median })))[group.indexOf(result)] ?? Number.NaN;
    return `${(100 * off).toFixed(1)} %`;
  },
};

/** For amounts in floating-point operations. */
export const speed: Column = { title: 'GFLOP/s', of: (r) => (r.amount / r.step.median / 1e9).toFixed(0) };

/** Speed beside that of the line called `name`. */
export const speedBeside = (name: string): Column => ({
  title: `of ${name}`,
  of: (result, all) => {
    const rate = (r: Result): number => r.amount / r.step.median;
    const other = all.find((r) => r.name === name);
    return other === undefined ? 'n/a' : `${((100 * rate(result)) / rate(other)).toFixed(0)} %`;
  },
});

/** Time as a share of that of the line called `name`. */
export const shareOf = (name: string): Column => ({
  title: `of a ${name}`,
  of: (result, all) => {
    const whole = all.find((r) => r.name === name);
    return whole === undefined ? 'n/a' : `${((100 * result.step.median) / whole.step.median).toFixed(1)} %`;
  },
});

/** t₁ / (n tₙ), for amounts of 1/n and a first line of one thread. */
export const efficiency: Column = { title: 'efficiency', of: (r) => `${(100 / r.ratio.median).toFixed(0)} %` };

/** Results as a table that lines up; a group's name stands at its first line. */
export const show = (columns: readonly Column[], results: readonly Result[]): string =>
  table(
    [
      ['', '', ...columns.map((c) => c.title)],
      ...results.map((r, i) => [
        r.group === results[i - 1]?.group ? '' : r.group,
        r.name,
        ...columns.map((c) => c.of(r, results)),
      ]),
    ],
    { right: columns.map((_, i) => i + 2) },
  );
