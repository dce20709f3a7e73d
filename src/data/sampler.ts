import { Rng } from './rng.js';
import { indicesByClass } from './split.js';

/** `instance`: every image once a pass. `class`: classes equally likely (eq 12). `reversed`: rare classes more likely (BBN). */
export type Sampling = 'instance' | 'class' | 'reversed';

/** Where a sampler stands; plain JSON. */
export interface SamplerState {
  sampling: Sampling;
  rng: number[]; // for `instance`, as it was before the current pass was shuffled
  position: number; // images already taken from the current pass
}

export interface Sampler {
  /** The positions of the next `batch` images. */
  next(batch: number): Uint32Array;
  state(): SamplerState;
}

export interface SamplerOptions {
  classes: number;
  seed: number;
  stream: string;
  state?: SamplerState | undefined;
}

/**
 * Decides which images a batch holds. `instance` runs through endless shuffled passes, batches over the border of a pass, so all are full;
 * `class` draws independently with P(x, y) = 1/(C N_y) (the paper's eq 12); `reversed` with P(y) proportional to 1/N_y, then evenly within
 * the class (BBN). With `state` it continues exactly where that state was taken.
 */
export function sampler(sampling: Sampling, labels: Uint16Array, options: SamplerOptions): Sampler {
  const { classes, seed, stream, state } = options;
  if (state && state.sampling !== sampling) {
    throw new Error(
      `Cannot resume sampling: the state is of "${state.sampling}", asked for "${sampling}"; resume with the run's own settings`,
    );
  }
  const rng = state ? Rng.from(state.rng) : new Rng(seed, `${stream}/${sampling}`);
  if (sampling === 'instance') return passes(labels.length, rng, state?.position ?? 0);

  const members = indicesByClass(labels, classes);
  const empty = members.findIndex((indices) => indices.length === 0);
  if (empty >= 0)
    throw new Error(`Cannot sample by class: class ${empty} has no images; add images or remove the class`);
  const drawClass =
    sampling === 'class'
      ? () => rng.below(classes)
      : weighted(
          rng,
          members.map((m) => 1 / m.length),
        );
  const draw = () => {
    const indices = members[drawClass()] ?? [];
    return indices[rng.below(indices.length)] ?? 0;
  };
  return {
    next: (batch) => Uint32Array.from({ length: batch }, draw),
    state: () => ({ sampling, rng: rng.state(), position: 0 }),
  };
}

function passes(length: number, rng: Rng, start: number): Sampler {
  if (length === 0) throw new Error('Cannot sample: the set has no images; add images');
  if (!Number.isInteger(start) || start < 0 || start > length) {
    throw new Error(
      `Cannot resume sampling: position must be from 0 to ${length}, got ${start}; resume on the data the run began with`,
    );
  }
  let before = rng.state();
  const shuffled = () => {
    before = rng.state();
    return rng.shuffle(Uint32Array.from({ length }, (_, index) => index));
  };
  let order = shuffled();
  let position = start;
  const one = () => {
    if (position === length) {
      order = shuffled();
      position = 0;
    }
    return order[position++] ?? 0;
  };
  return {
    next: (batch) => Uint32Array.from({ length: batch }, one),
    state: () => ({ sampling: 'instance', rng: [...before], position }),
  };
}

function weighted(rng: Rng, weights: readonly number[]): () => number {
  let sum = 0;
  const ends = weights.map((weight) => {
    sum += weight;
    return sum;
  });
  return () => {
    const point = rng.uniform() * sum;
    return ends.findIndex((end) => point < end);
  };
}
