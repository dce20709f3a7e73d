// Steps of a search on a device beside the CPU: from the same weights, on the same images, in float32.
// node --import tsx bench/device-parity.ts --device cuda --method hls
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { StepReport } from '../src/learn/index.js';
import { rng, scope, useDevice } from '../src/tensor/index.js';
import { random, search, type Work, work } from './work.js';

const STEPS = 3;
const TOLERANCE = 2e-3;

const asked = work.extend({ batch: z.coerce.number().default(8) });
const names = Object.keys(asked.shape).map((name) => [name, { type: 'string' as const }]);
const what = asked.parse(parseArgs({ options: Object.fromEntries(names) }).values);

/** What the steps see: losses, and norms of all gradients. */
const steps = (w: Work): StepReport[] => {
  useDevice(w.device);
  rng.seed(0);
  const { learner, at } = search(w);
  rng.seed(1);
  const reports = Array.from({ length: STEPS }, (_, step) =>
    scope(() =>
      learner.step(
        learner.streams.map(() => random(w)),
        { ...at, step },
      ),
    ),
  );
  learner.dispose();
  return reports;
};

const numbersOf = ({ loss, gradNorm }: StepReport): [string, number][] => [
  ['loss', loss],
  ...Object.entries(gradNorm).flatMap(([of, norms]) =>
    Object.entries(norms).map(([component, norm]): [string, number] => [`gradient of ${of}, ${component}`, norm]),
  ),
];

const [there, here] = [steps(what), steps({ ...what, device: 'cpu' })];
const differences = there.flatMap((report, step) => {
  const expected = new Map(numbersOf(here[step] ?? report));
  return numbersOf(report).map(([name, value]) => {
    const reference = expected.get(name) ?? Number.NaN;
    return { name: `${name}, step ${step + 1}`, difference: Math.abs(value - reference) / Math.abs(reference) };
  });
});
const worst = differences.toSorted((a, b) => b.difference - a.difference)[0];
const isEqual = differences.every(({ difference }) => difference <= TOLERANCE);
console.log(
  JSON.stringify({ method: what.method, device: what.device, steps: STEPS, isEqual, tolerance: TOLERANCE, worst }),
);
if (!isEqual) process.exitCode = 1;
