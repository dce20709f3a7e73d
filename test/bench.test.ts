import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { show } from '../bench/columns.js';
import { measure } from '../bench/rounds.js';
import { offLine } from '../bench/statistics.js';
import { tables } from '../bench/tables.js';
import { prepare, work } from '../bench/work.js';

/** Four channels, since one in four works in a partial edge. */
const tiny = { batch: 2, channels: 4, layers: 3, image: 8, threads: 1 };

describe('the benchmark', () => {
  it.each(Object.entries(tables(tiny)))('has a table of %s', async (_, { rows, columns }) => {
    const own = rows.filter((row) => row.engine === 'fused');
    // In this process, where the command starts one for each: what is tested is that every line still runs.
    const results = await measure(own, {
      rounds: 1,
      start: (row) => {
        const run = prepare(work.parse({ ...row.work, layers: Math.min(row.work.layers ?? 3, 5) }));
        return {
          turn: async () => {
            const from = performance.now();
            run();
            return { median: (performance.now() - from) / 1000, peakMemoryBytes: 1 };
          },
          stop: async () => {},
        };
      },
      failed: (row, error) => {
        throw new Error(`${row.group}, ${row.name}`, { cause: error });
      },
    });
    expect(results.map((r) => r.name)).toEqual(own.map((r) => r.name));
    expect(show(columns, results)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('starts processes and prints JSON', () => {
    const sizes = Object.entries({ ...tiny, rounds: 2, turn: 0 }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    const said = execFileSync('npm', ['run', '--silent', 'bench', '--', 'step', '--own', '--json', ...sizes], {
      cwd: resolve(import.meta.dirname, '..'),
      encoding: 'utf8',
    });
    const [ours, plain] = JSON.parse(said).tables.step;
    expect(ours).toMatchObject({ engine: 'fused', ratio: { median: 1, min: 1, max: 1 } });
    expect(plain.seconds).toHaveLength(2);
  });

  it('knows a straight line', () => {
    expect(offLine([1, 2, 4].map((x) => ({ x, y: 3 + 2 * x })))).toEqual([0, 0, 0]);
    expect(offLine([1, 2, 3].map((x) => ({ x, y: x ** 2 })))[1]).toBeCloseTo(-1 / 6);
  });
});
