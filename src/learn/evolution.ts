import type { Draw } from '../space/index.js';

/** Something that was evaluated, and how good it is. */
export interface Scored<T> {
  readonly candidate: T;
  readonly score: number;
}

/** What evolution is made of. */
export interface EvolutionOptions<T> {
  /** Members that live at once. */
  readonly population: number;
  /** Members that are drawn, with replacement, to find a parent. */
  readonly tournament: number;
  readonly random: () => T;
  readonly mutate: (parent: T) => T;
  readonly draw: Draw;
}

/**
 * Whom regularised evolution (Real et al. 2019) evaluates next, given who lives, the oldest first: a random one until
 * the population is complete, then a mutation of the best of a tournament. Who is evaluated is the youngest, and the
 * oldest dies, however good it is: see `aged`.
 */
export const nextCandidate = <T>(members: readonly Scored<T>[], options: EvolutionOptions<T>): T => {
  const { population, tournament, random, mutate, draw } = options;
  if (members.length < population) return random();
  const drawn = Array.from({ length: tournament }, () => members[draw(members.length)]);
  const parent = drawn.reduce((best, one) =>
    one !== undefined && one.score > (best?.score ?? Number.NEGATIVE_INFINITY) ? one : best,
  );
  return parent === undefined ? random() : mutate(parent.candidate);
};

/** Who lives after another was born: the youngest `population`, the oldest first. */
export const aged = <T>(
  members: readonly Scored<T>[],
  { born, population }: { readonly born: Scored<T>; readonly population: number },
): readonly Scored<T>[] => (population === 0 ? [] : [...members, born].slice(-population));

/** The better of two, the first where they are equal. */
export const better = <T>(best: Scored<T> | undefined, other: Scored<T>): Scored<T> =>
  best === undefined || other.score > best.score ? other : best;

/** Regularised evolution of whatever can be evaluated: the best of `evaluations` candidates. */
export const evolve = <T>(
  evaluate: (candidate: T) => number,
  { evaluations, ...options }: EvolutionOptions<T> & { readonly evaluations: number },
): Scored<T> => {
  let members: readonly Scored<T>[] = [];
  let best: Scored<T> | undefined;
  for (let i = 0; i < evaluations; i++) {
    const candidate = nextCandidate(members, options);
    const born = { candidate, score: evaluate(candidate) };
    best = better(best, born);
    members = aged(members, { born, population: options.population });
  }
  if (best === undefined)
    throw new RangeError(`Cannot evolve: the number of evaluations must be >= 1, got ${evaluations}`);
  return best;
};
