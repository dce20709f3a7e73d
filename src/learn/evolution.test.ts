import { describe, expect, it } from 'vitest';
import { Rng } from '../data/index.js';
import { dartsSpace, type Genotypes, mutated, type Place, randomArchitecture } from '../space/index.js';
import { aged, better, evolve, nextCandidate, type Scored } from './evolution.js';

const places: Place[] = (['normal', 'reduction'] as const).map((kind) => ({
  component: 'backbone',
  kind,
  plan: dartsSpace.plan(kind, { nodes: 3 }),
}));
const drawOf =
  (seed: number) =>
  (n: number): number =>
    drawn(seed).below(n);
const generators = new Map<number, Rng>();
const drawn = (seed: number): Rng => {
  const rng = generators.get(seed) ?? new Rng(seed, 'evolution');
  generators.set(seed, rng);
  return rng;
};

/** A table whose optimum is known: how many edges of the target an architecture has, of 12. */
const target = randomArchitecture(places, drawOf(999));
const edgesOf = (genotypes: Genotypes): string[] =>
  Object.entries(genotypes['backbone'] ?? {}).flatMap(([kind, cell]) =>
    cell.nodes.flatMap((node, i) => node.map(({ op, from }) => `${kind} ${i} ${op} ${from}`)),
  );
const wanted = new Set(edgesOf(target));
const score = (genotypes: Genotypes): number => edgesOf(genotypes).filter((edge) => wanted.has(edge)).length;

const evaluations = 2500;
const evolved = (seed: number): number =>
  evolve(score, {
    evaluations,
    population: 50,
    tournament: 10,
    draw: drawOf(seed),
    random: () => randomArchitecture(places, drawOf(seed)),
    mutate: (parent) => mutated(parent, { places, draw: drawOf(seed) }),
  }).score;
const drawnAtRandom = (seed: number): number =>
  Math.max(...Array.from({ length: evaluations }, () => score(randomArchitecture(places, drawOf(seed)))));

describe('regularised evolution', () => {
  it('finds the optimum of a table, which as many random draws do not come near', () => {
    expect(score(target)).toBe(12);
    for (const seed of [1, 2, 3]) {
      expect(evolved(seed)).toBe(12);
      expect(drawnAtRandom(seed + 100)).toBeLessThan(8);
    }
  });

  it('draws at random until the population is complete, then mutates the best of a tournament', () => {
    const members: Scored<string>[] = ['a', 'b', 'c'].map((candidate, i) => ({ candidate, score: [1, 9, 2][i] ?? 0 }));
    const rules = { population: 3, tournament: 2, random: () => 'random', mutate: (parent: string) => `${parent}'` };
    const choosing = (...choices: number[]) => ({ ...rules, draw: () => choices.shift() ?? 0 });
    expect(nextCandidate(members.slice(1), choosing())).toBe('random');
    expect(nextCandidate(members, choosing(0, 2))).toBe("c'");
    expect(nextCandidate(members, choosing(1, 0))).toBe("b'");
    expect(nextCandidate(members, choosing(0, 0))).toBe("a'"); // with replacement
  });

  it('lets the oldest die, however good it is, and remembers the best', () => {
    const members = [
      { candidate: 'old', score: 9 },
      { candidate: 'young', score: 1 },
    ];
    const born = { candidate: 'new', score: 2 };
    expect(aged(members, { born, population: 2 }).map(({ candidate }) => candidate)).toEqual(['young', 'new']);
    expect(aged(members, { born, population: 0 })).toEqual([]);
    expect(better(members[0], born).candidate).toBe('old');
    expect(better({ candidate: 'first', score: 2 }, born).candidate).toBe('first');
  });

  it('refuses to evolve without an evaluation', () => {
    const rules = { population: 1, tournament: 1, draw: () => 0, random: () => 0, mutate: (n: number) => n };
    expect(() => evolve((n) => n, { ...rules, evaluations: 0 })).toThrow('must be >= 1, got 0');
  });
});
