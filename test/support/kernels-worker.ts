import fc from 'fast-check';
import { pool3x3, tensor } from '../../src/tensor/index.js';
import * as cases from './kernels-cases.js';
import * as properties from './kernels-properties.js';
import type { Errors } from './kernels-twins.js';

// A program of its own, as TAILNAS_KERNELS is read once a process: tries every operation and prints what came of it as one line of JSON.

/** What a property came to: how far off it was at worst, and of a failure the seed and the smallest case. */
export interface Outcome {
  readonly worst: Errors;
  readonly failure: string | null;
}

const SEED = 20_260_501;

const limitOf = (what: string): number => {
  if (what.startsWith('d ')) return 1e-2; // where it is finite at all is the question; how exact it is, the other properties ask
  if (what.endsWith('at 1000')) return what.startsWith('invstd') ? 1e-4 : 1e-3;
  return ['output', 'mean', 'invstd', 'runningMean', 'runningVar'].includes(what) ? 1e-5 : 1e-4;
};

const tried = <Ts extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof Ts]: fc.Arbitrary<Ts[K]> },
  errors: (...args: Ts) => Errors,
  { runs, examples = [] }: { runs: number; examples?: Ts[] },
): Outcome => {
  const worst: Errors = {};
  const property = fc.property(...arbitraries, (...args: Ts) => {
    for (const [what, error] of Object.entries(errors(...args))) {
      if (!(error <= limitOf(what))) throw new Error(`${what} is ${error} off, at most ${limitOf(what)} is allowed`);
      worst[what] = Math.max(worst[what] ?? 0, error);
    }
  });
  const details = fc.check(property, {
    seed: SEED,
    numRuns: runs + examples.length,
    examples,
    includeErrorInReport: true,
  });
  return { worst, failure: details.failed ? (fc.defaultReportMessage(details) ?? 'it failed') : null };
};

const each = <T extends cases.Case>(arbitrary: fc.Arbitrary<T>, errors: (c: T) => Errors): Outcome =>
  tried<[T]>([arbitrary], errors, {
    runs: 60,
    examples: cases.everyChannelCount(arbitrary, SEED).map((c): [T] => [c]),
  });

const special = <T extends cases.Case>(
  arbitrary: fc.Arbitrary<T>,
  errors: (c: T, specials: readonly cases.Special[]) => Errors,
): Outcome => tried<[T, cases.Special[]]>([arbitrary, cases.specials], errors, { runs: 60 });

const outcomes = () => ({
  sep_half: each(cases.sepCase, properties.sepErrors),
  channel_stats: each(cases.anyCase, properties.statsErrors),
  'means of 1000 deviations': tried<[cases.Case]>([cases.severalPixels], properties.offsetErrors, { runs: 60 }),
  node_sum: each(cases.nodeCase, properties.nodeErrors),
  pool_3x3: each(cases.poolCase, properties.poolErrors),
  'sep_half, not finite': special(cases.sepCase, properties.sepKinds),
  'node_sum, not finite': special(cases.nodeCase, properties.nodeKinds),
  'pool_3x3, not finite': special(cases.poolCase, properties.poolKinds),
});
export type Outcomes = ReturnType<typeof outcomes>;

/** Throws where this processor lacks the instruction set. */
const probe = (): void => pool3x3.max(tensor([[[[1]]]]), 1).dispose();

try {
  probe();
  console.log(JSON.stringify(outcomes()));
} catch (error) {
  console.log(JSON.stringify({ lacking: error instanceof Error ? error.message : String(error) }));
}
