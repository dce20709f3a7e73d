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

/** Ways to draw batches: a class, then evenly one of its images; without `drawClass`, endless shuffled passes. */
const TABLE = [
  { name: 'instance', drawClass: undefined },
  { name: 'class', drawClass: evenly }, // P(x, y) = 1/(C N_y): the paper's eq 12
  { name: 'reversed', drawClass: inProportionTo((count) => 1 / count) }, // BBN
] as const;

/** The names of all samplings. */
export const samplings = TABLE.map(({ name }) => name);
export type Sampling = (typeof samplings)[number];

/** The state of a sampler in plain JSON. */
export const samplerState = z.object({
  sampling: z.enum(samplings),
  /** For passes, as it was before the current pass was shuffled. */
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

/** Endless shuffled passes over a set; batches run over the end of a pass, so that all are full. */
const passes = (length: number, { sampling, rng, start }: { sampling: Sampling; rng: Rng; start: number }): Sampler => {
  if (length === 0) throw new Error('Cannot sample: the set has no images; add images');
  if (!Number.isInteger(start) || start < 0 || start > length)
    throw new Error(
      `Cannot resume sampling: position must be from 0 to ${length}, got ${start}; ` +
        'resume on the data the run began with',
    );
  let before = rng.state();
  const shuffled = (): Uint32Array => {
    before = rng.state();
    return rng.shuffle(Uint32Array.from({ length }, (_, index) => index));
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
  const drawClass = TABLE.find(({ name }) => name === sampling)?.drawClass;
  if (drawClass === undefined) return passes(labels.length, { sampling, rng, start: state?.position ?? 0 });

  const members = indicesByClass(labels, classes);
  const counts = members.map((indices) => indices.length);
  const empty = counts.indexOf(0);
  if (empty >= 0)
    throw new Error(`Cannot sample by class: class ${empty} has no images; add images or remove the class`);
  const nextClass = drawClass(counts, rng);
  const one = (): number => {
    const indices = members[nextClass()] ?? [];
    return indices[rng.below(indices.length)] ?? 0;
  };
  return {
    next: (batch) => Uint32Array.from({ length: batch }, one),
    state: () => ({ sampling, rng: rng.state(), position: 0 }),
  };
};
