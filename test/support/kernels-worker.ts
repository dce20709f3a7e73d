import fc from 'fast-check';
import { nodeSum } from '../../src/space/index.js';
import { tensor } from '../../src/tensor/index.js';
import * as cases from './kernels-cases.js';
import * as properties from './kernels-properties.js';
import type { Errors } from './kernels-twins.js';

// A program of its own, as TAILNAS_KERNELS is read once a process: tries every operation and prints what came of it as
// one line of JSON.

/** What a property came to: how far off it was at worst, and of a failure the seed and the smallest case. */
export interface Outcome {
  readonly worst: Errors;
  readonly failure: string | null;
}

const SEED = 20_260_501;

/** Of gradients. */
const LIMIT = 1e-4;
const LIMITS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['result', 'mean', 'variance', 'invstd', 'moments', 'runningMean', 'runningVar'].map((what) => [what, 1e-5]),
  ),
  'invstd at 1000': 1e-4,
  'node_sum at 1000': 1e-3,
  'read_source at 1000': 1e-3,
  // Where it is finite at all is the question; how exact it is, the other properties ask.
  'a result': 1e-2,
  'a gradient': 1e-2,
};
const limitOf = (what: string): number => LIMITS[what] ?? LIMIT;

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

const each = (arbitrary: fc.Arbitrary<cases.ReadCase>, examples: readonly cases.ReadCase[], runs = 60): Outcome =>
  tried<[cases.ReadCase]>([arbitrary], properties.readErrors, { runs, examples: examples.map((c) => [c]) });

const special = (arbitrary: fc.Arbitrary<cases.ReadCase>): Outcome =>
  tried<[cases.ReadCase, cases.Special[]]>([arbitrary, cases.specials], properties.readKinds, { runs: 40 });

const outcomes = () => ({
  'a source': each(cases.readCase, cases.everyChannelCount(cases.readCase, SEED)),
  'a source behind a norm': each(cases.afterCase, cases.everyChannelCount(cases.afterCase, SEED)),
  'a source in parts': each(cases.partsCase, []),
  'large tensors': each(cases.readCase, cases.largeCases, 0),
  'a 3×3 convolution': each(cases.threeByThreeCase, []),
  'means of 1000 deviations': tried<[cases.Case]>([cases.severalPixels], properties.offsetErrors, { runs: 60 }),
  'a source, not finite': special(cases.readCase),
  'a source behind a norm, not finite': special(cases.afterCase),
  'a 3×3 convolution, not finite': special(cases.threeByThreeCase),
});
export type Outcomes = ReturnType<typeof outcomes>;

/** Throws where this processor lacks the instruction set. */
const probe = (): void => nodeSum([{ raw: tensor([[[[1]]]]) }], { weights: tensor([1]), ofBatch: false }).dispose();

try {
  probe();
  console.log(JSON.stringify(outcomes()));
} catch (error) {
  console.log(JSON.stringify({ lacking: error instanceof Error ? error.message : String(error) }));
}
