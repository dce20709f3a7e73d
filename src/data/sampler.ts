import { z } from 'zod';
import { Rng } from './rng.js';
import { indicesByClass } from './split.js';

/** Draws a class again and again, given how many images each has. */
type DrawClass = (counts: readonly number[], rng: Rng) => () => number;

const evenly: DrawClass = (counts, rng) => () => rng.below(counts.length);

const inProportionTo =
  (weight: (count: number) => number): DrawClass =>
  (counts, rng) => {
    let sum = 0;
    const ends = counts.map((count) => {
      sum += weight(count);
      return sum;
    });
    return () => {
      const point = rng.uniform() * sum;
      return ends.findIndex((end) => point < end);
    };
  };

/** Of the effective number of images, (1 − β^n) / (1 − β) (Cui et al. 2019). */
const BETA = 0.9999;
export const effective = (count: number): number => (1 - BETA ** count) / (1 - BETA);

/** Positions of each class. Throws when one has none. */
const membersOf = (labels: Uint16Array, classes: number): number[][] => {
  const members = indicesByClass(labels, classes);
  const empty = members.findIndex((indices) => indices.length === 0);
  if (empty >= 0)
    throw new Error(`Cannot sample by class: class ${empty} has no images; add images or remove the class`);
  return members;
};

/** The positions of a pass, which `draw` gives again for every pass, in any order. */
interface Passes {
  readonly length: number;
  draw(rng: Rng): Uint32Array;
}

const everyImage = ({ length }: Uint16Array): Passes => ({
  length,
  draw: () => Uint32Array.from({ length }, (_, index) => index),
});

/** As many images of every class as the smallest has. */
const underSampled = (labels: Uint16Array, classes: number): Passes => {
  const members = membersOf(labels, classes);
  const least = Math.min(...members.map((indices) => indices.length));
  const some = (indices: readonly number[], rng: Rng) => rng.shuffle(Uint32Array.from(indices)).subarray(0, least);
  return {
    length: classes * least,
    draw: (rng) => Uint32Array.from(members.flatMap((indices) => [...some(indices, rng)])),
  };
};

/**
 * Ways to draw batches: a class, then evenly one of its images; or endless shuffled passes. An epoch has as many steps
 * with any of them, so that they cost the same and schedules mean the same: with `under` it is several small passes.
 */
const TABLE = [
  { name: 'instance', passes: everyImage },
  { name: 'class', drawClass: evenly }, // P(x, y) = 1/(C N_y): the paper's eq 12
  { name: 'reversed', drawClass: inProportionTo((count) => 1 / count) }, // BBN
  { name: 'square-root', drawClass: inProportionTo(Math.sqrt) }, // Mahajan et al. 2018
  // Every image by 1 / the effective number of its class, as the code of LDAM-DRW draws.
  { name: 'effective-number', drawClass: inProportionTo((count) => count / effective(count)) },
  { name: 'under', passes: underSampled },
] as const;

/** The names of all samplings. */
export const samplings = TABLE.map(({ name }) => name);
export type Sampling = (typeof samplings)[number];

/** The state of a sampler in plain JSON. */
export const samplerState = z.object({
  sampling: z.enum(samplings),
  /** For passes, as it was before the current pass was drawn. */
  rng: z.array(z.number()).readonly(),
  /** Images already taken from the current pass. */
  position: z.number(),
});
export type SamplerState = Readonly<z.infer<typeof samplerState>>;

export interface Sampler {
  /** The positions of the next `batch` images. */
  next(batch: number): Uint32Array;
  state(): SamplerState;
}

/** Endless shuffled passes; batches run over the end of a pass, so that all are full. */
const inPasses = (
  { length, draw }: Passes,
  { sampling, rng, start }: { sampling: Sampling; rng: Rng; start: number },
): Sampler => {
  if (length === 0) throw new Error('Cannot sample: the set has no images; add images');
  if (!Number.isInteger(start) || start < 0 || start > length)
    throw new Error(
      `Cannot resume sampling: position must be from 0 to ${length}, got ${start}; ` +
        'resume on the data the run began with',
    );
  let before = rng.state();
  const shuffled = (): Uint32Array => {
    before = rng.state();
    return rng.shuffle(draw(rng));
  };
  let order = shuffled();
  let position = start;
  const one = (): number => {
    if (position === length) {
      order = shuffled();
      position = 0;
    }
    return order[position++] ?? 0;
  };
  return {
    next: (batch) => Uint32Array.from({ length: batch }, one),
    state: () => ({ sampling, rng: [...before], position }),
  };
};

/** Decides which images a batch holds. With `state` it continues exactly where that state was taken. */
export const sampler = (
  sampling: Sampling,
  labels: Uint16Array,
  options: { classes: number; seed: number; stream: string; state?: SamplerState | undefined },
): Sampler => {
  const { classes, seed, stream, state } = options;
  if (state !== undefined && state.sampling !== sampling)
    throw new Error(
      `Cannot resume sampling: the state is of "${state.sampling}", asked for "${sampling}"; ` +
        "resume with the run's own settings",
    );
  const rng = state === undefined ? new Rng(seed, `${stream}/${sampling}`) : Rng.from(state.rng);
  const way = TABLE.find(({ name }) => name === sampling);
  if (way === undefined) throw new Error(`Cannot sample: there is no sampling "${sampling}"`);
  if ('passes' in way) return inPasses(way.passes(labels, classes), { sampling, rng, start: state?.position ?? 0 });

  const members = membersOf(labels, classes);
  const nextClass = way.drawClass(
    members.map((indices) => indices.length),
    rng,
  );
  const one = (): number => {
    const indices = members[nextClass()] ?? [];
    return indices[rng.below(indices.length)] ?? 0;
  };
  return {
    next: (batch) => Uint32Array.from({ length: batch }, one),
    state: () => ({ sampling, rng: rng.state(), position: 0 }),
  };
};
