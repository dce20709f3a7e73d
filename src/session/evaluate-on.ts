import { type Failure, matchClasses, openLabelled, type Progress } from '../data/index.js';
import { evaluate, type NamedPrior } from '../loop/index.js';
import type { Knobs } from '../nn/index.js';
import { type Evaluation, openRun } from '../run/index.js';
import type { Genotypes } from '../space/index.js';
import { libtorch, threads, useDevice } from '../tensor/index.js';
import { shapeOf } from './load-images.js';
import { restoreNetwork } from './network.js';

/** A class of other data that a run does not know. */
export interface UnknownClass {
  readonly name: string;
  readonly images: number;
}

/** A run's network tested on other labelled images. */
export interface EvaluatedOn {
  /** Which images: `birds/test`. */
  readonly from: string;
  /** Images that were tested, of each of the run's classes. */
  readonly counts: readonly number[];
  readonly evaluation: Evaluation;
  readonly genotypes: Genotypes;
  /** Classes that were left out: the network cannot answer them. */
  readonly unknown: readonly UnknownClass[];
  /** Images that could not be read. */
  readonly failures: readonly Failure[];
  /** Files that are no images by their names. */
  readonly leftOut: readonly string[];
}

export interface EvaluateOnOptions {
  /** What the network is asked at; what its own evaluation was measured at unless given. */
  readonly at?: Knobs | undefined;
  readonly prior?: NamedPrior | undefined;
  readonly onDataProgress?: Progress | undefined;
}

/**
 * Tests a run's network on other labelled images, a name or a path: their test part if they have one, else all images
 * of their class folders. They are read and normalised as those of the run's training were, and its classes are found
 * by name. Nothing but the run folder and these images is needed. Yields how many images are done. Throws when none of
 * their classes is the run's.
 */
export async function* evaluateOn(
  run: string,
  spec: string,
  { at, prior, onDataProgress }: EvaluateOnOptions = {},
): AsyncGenerator<{ done: number; total: number }, EvaluatedOn> {
  const folder = openRun(run);
  const { info } = folder;
  const { classes, counts: own } = info.data;
  const action = `Cannot evaluate ${run} on ${spec}`;
  // A network of a GPU is tested on a machine without one as well.
  const device = libtorch().cuda ? info.device : 'cpu';
  useDevice(device);
  const network = restoreNetwork(folder, { device, action });
  try {
    threads.set(info.threads);
    const labelled = await openLabelled(spec, shapeOf(info));
    const places = matchClasses(labelled.classes, classes);
    const has = (c: number): boolean => (labelled.counts[c] ?? 0) > 0;
    const known = [...places.keys()].filter((c) => places[c] !== -1 && has(c));
    const unknown = labelled.classes.flatMap((name, c) =>
      places[c] === -1 && has(c) ? [{ name, images: labelled.counts[c] ?? 0 }] : [],
    );
    const listed = (names: readonly string[]): string =>
      names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
    if (known.length === 0)
      throw new Error(
        `${action}: its class folders must be named like classes of the run (${listed(classes)}), they are ` +
          `${listed(unknown.map(({ name }) => name))}; rename them, or give the folder that has such folders`,
      );
    const { set, failures } = await labelled.load(known, onDataProgress);
    if (set.labels.length === 0)
      throw new Error(
        `${action}: none of its ${failures.length} images can be read (${failures[0]?.file}: ${failures[0]?.reason})`,
      );
    const test = { ...set, labels: set.labels.map((label) => places[label] ?? 0) };
    const counts = classes.map((_, c) => test.labels.filter((label) => label === c).length);
    const none = { ...set, images: new Uint8Array(), labels: new Uint16Array() };
    const { learner, plan, images } = network;
    const dataset = { classes, ...images, counts: { ...own, test: counts }, valid: none, test };
    const evaluation = yield* evaluate(learner.model, {
      ...{ dataset, batchSize: plan.batchSize, at: [at ?? network.at], prior, assumes: learner.assumes },
      knobs: network.knobs,
    });
    const { from, leftOut } = labelled;
    return { from, counts, evaluation, genotypes: learner.genotypes(), unknown, failures, leftOut };
  } finally {
    network.learner.dispose();
  }
}
