// What one call of an operator on tiny tensors costs, here and from Python, in one run, in turn.
// npx tsx bench/ops.ts [--json]
import { z } from 'zod';
import { table } from '../src/cli/format.js';
import { add, matmul, narrow, noGrad, ones, relu, reshape, scope, type Tensor, threads } from '../src/tensor/index.js';
import { median, python } from './python.js';

const CALLS = 2_000;
const BATCHES = 100;
const ROUNDS = 3;

threads.set(1);
const one = ones([1]);
const other = ones([1]);
const two = ones([2, 2]);
const four = ones([4]);
const calls: Record<string, () => Tensor> = {
  add: () => add(one, other),
  relu: () => relu(one),
  mm: () => matmul(two, two),
  narrow: () => narrow(four, 0, 1, 2),
  reshape: () => reshape(four, [2, 2]),
};

/** Microseconds a call, its result released, the loop included. */
const measure = (call: () => Tensor): number[] =>
  Array.from({ length: BATCHES }, () => {
    const from = process.hrtime.bigint();
    scope(() =>
      noGrad(() => {
        for (let i = 0; i < CALLS; i++) call().dispose();
      }),
    );
    return Number(process.hrtime.bigint() - from) / 1e3 / CALLS;
  });

const timing = z.object({ median: z.number() });
const ours: Record<string, number[]> = {};
const theirs: Record<string, number[]> = {};
for (let round = 0; round < ROUNDS; round++) {
  const found = python('op_time.py');
  for (const [name, call] of Object.entries(calls)) {
    ours[name] = [...(ours[name] ?? []), ...measure(call)];
    theirs[name] = [...(theirs[name] ?? []), timing.parse(found[name]).median];
  }
}
const rows = Object.keys(calls).map((name) => {
  const [a, b] = [median(ours[name] ?? []), median(theirs[name] ?? [])];
  return { op: name, tailnas: a, python: b, ratio: b / a };
});
console.log(
  process.argv.includes('--json')
    ? JSON.stringify({ unit: 'microseconds', rows })
    : table(
        [
          ['op call, µs', 'tailnas', 'Python', 'Python / tailnas'],
          ...rows.map((r) => [r.op, r.tailnas.toFixed(2), r.python.toFixed(2), r.ratio.toFixed(2)]),
        ],
        { right: [1, 2, 3] },
      ),
);
