import { describe, expect, it } from 'vitest';
import { Rng } from '../data/index.js';
import { dartsPrimitives, type Genotypes, type Place, searchSpace, skipConnect } from '../space/index.js';
import { add, exp, grad, liveTensors, mul, rng, scope, type Tensor } from '../tensor/index.js';
import {
  type Chooser,
  type Controller,
  type ControllerOptions,
  controller,
  likeliest,
  sampling,
} from './controller.js';
import { reinforce, reinforceLoss } from './reinforce.js';

const [, , , , convolution = skipConnect] = dartsPrimitives;
const tiny = searchSpace('tiny', [skipConnect, convolution]);
const placesWith = (nodes: number): Place[] => [
  { component: 'backbone', kind: 'normal', plan: tiny.plan('normal', { nodes }) },
];
const made = (options: Partial<ControllerOptions> = {}): Controller => {
  rng.seed(5);
  return controller({ places: placesWith(1), hidden: 4, dtype: 'float64', ...options });
};

/** Every sequence of decisions, in turn: odometer over the numbers of choices that are met on the way. */
const everyOne = (of: Controller): ReturnType<Controller['decide']>[] => {
  const all: ReturnType<Controller['decide']>[] = [];
  let prefix: number[] = [];
  for (;;) {
    const path: { chosen: number; of: number }[] = [];
    const follow: Chooser = ({ length }) => {
      const chosen = prefix[path.length] ?? 0;
      path.push({ chosen, of: length });
      return chosen;
    };
    all.push(of.decide(follow));
    const last = path.findLastIndex((step) => step.chosen + 1 < step.of);
    if (last < 0) return all;
    prefix = [...path.slice(0, last).map(({ chosen }) => chosen), (path[last]?.chosen ?? 0) + 1];
  }
};

/** A reward that depends on every decision. */
const rewardOf = (genotypes: Genotypes): number => {
  const edges = genotypes['backbone']?.normal?.nodes.flat() ?? [];
  return edges.reduce((sum, { op, from }, i) => sum + (op === 'skip_connect' ? 0.1 : 0.3) * (from + 1) * (i + 2), 0);
};
const values = ({ parameters }: Controller): Tensor[] => Object.values(parameters);
const numbers = (gradients: readonly Tensor[]): number[] => gradients.flatMap((g) => g.toArray());
const uniform = (seed: number) => {
  const numbers = new Rng(seed, 'controller');
  return sampling(() => numbers.uniform());
};

describe('a controller', () => {
  it('has probabilities that add up to 1 over all architectures, of which each is in the space', () => {
    for (const nodes of [1, 2]) {
      const of = made({ places: placesWith(nodes) });
      const all = everyOne(of);
      // Ordered pairs of inputs, two operations on each: 2·4, and for two nodes 2·4·6·4.
      expect(all).toHaveLength(nodes === 1 ? 8 : 192);
      expect(all.reduce((sum, { logProbability }) => sum + Math.exp(logProbability.item()), 0)).toBeCloseTo(1, 12);
      for (const { genotypes } of all)
        for (const node of genotypes['backbone']?.normal?.nodes ?? [])
          expect(new Set(node.map(({ from }) => from)).size).toBe(2);
      of.dispose();
    }
  });

  it('draws architectures as often as it says', () => {
    const of = made();
    const expected = new Map<string, number>();
    const key = ({ genotypes }: { genotypes: Genotypes }): string => JSON.stringify(genotypes);
    for (const one of everyOne(of))
      expected.set(key(one), (expected.get(key(one)) ?? 0) + Math.exp(one.logProbability.item()));
    const choose = uniform(1);
    const n = 600;
    const counts = new Map<string, number>();
    for (let i = 0; i < n; i++)
      scope(() => {
        const name = key(of.decide(choose));
        counts.set(name, (counts.get(name) ?? 0) + 1);
      });
    const chi2 = [...expected].reduce((sum, [name, p]) => sum + ((counts.get(name) ?? 0) - n * p) ** 2 / (n * p), 0);
    expect(expected.size).toBe(4);
    expect(chi2).toBeLessThan(16.3); // 3 degrees of freedom: 1 in 1000
    of.dispose();
  });

  it('knows the entropy of its decisions', () => {
    const of = made();
    // The second input follows from the first; the operations depend on what was chosen before.
    const all = everyOne(of);
    const whole = all.reduce((sum, { logProbability: l }) => sum - Math.exp(l.item()) * l.item(), 0);
    const mean = all.reduce((sum, { logProbability: l, entropy }) => sum + Math.exp(l.item()) * entropy, 0);
    expect(mean).toBeCloseTo(whole, 12); // the chain rule of entropy
    of.dispose();
  });
});

describe('REINFORCE', () => {
  it('has in the mean the gradient of the expected reward, whatever the baseline', () => {
    const of = made();
    const rewards = everyOne(of).map(({ genotypes }) => rewardOf(genotypes));
    const expected = (): Tensor =>
      everyOne(of)
        .map(({ logProbability }, i) => mul(exp(logProbability), rewards[i] ?? 0))
        .reduce((sum, one) => add(sum, one));
    const definition = scope(() => numbers(grad(expected(), values(of), { unused: 'zeros' })));
    for (const baseline of [0, 1.7]) {
      const estimate = scope(() => {
        const all = everyOne(of);
        const loss = all
          .map(({ logProbability }, i) =>
            mul(reinforceLoss(logProbability, (rewards[i] ?? 0) - baseline), Math.exp(logProbability.item())),
          )
          .reduce((sum, one) => add(sum, one));
        return numbers(grad(loss, values(of), { unused: 'zeros' }));
      });
      const most = Math.max(...definition.map((g, i) => Math.abs(g + (estimate[i] ?? 0))));
      expect(Math.max(...definition.map(Math.abs))).toBeGreaterThan(1e-3);
      expect(most).toBeLessThan(1e-12);
    }
    of.dispose();
  });

  it('moves the controller by the mean of so many gradients, Adam without first moment', () => {
    const of = made();
    const teacher = reinforce(of, { aggregate: 2, entropyWeight: 0.5, baselineDecay: 0.75 });
    const { opBias } = of.parameters;
    const before = opBias?.toArray() ?? [];
    const choose = uniform(2);
    const gradients: number[][] = [];
    let baseline: number | undefined;
    for (const reward of [0.4, 0.9]) {
      scope(() => {
        const decided = of.decide(choose);
        const worth = reward + 0.5 * decided.entropy;
        baseline = baseline === undefined ? worth : 0.75 * baseline + 0.25 * worth;
        const loss = reinforceLoss(decided.logProbability, worth - baseline);
        if (opBias !== undefined) gradients.push(numbers(grad(loss, [opBias], { retainGraph: true })));
        teacher.reward(decided, { reward, lr: 0.1 });
      });
      if (reward === 0.4) {
        expect(opBias?.toArray()).toEqual(before);
        expect(teacher.save().pending).toBe(1);
      }
    }
    expect(teacher.save()).toEqual({ baseline, pending: 0 });
    const after = opBias?.toArray() ?? [];
    for (const [i, x] of before.entries()) {
      const g = ((gradients[0]?.[i] ?? 0) + (gradients[1]?.[i] ?? 0)) / 2;
      expect(after[i]).toBeCloseTo(x - (0.1 * g) / (Math.abs(g) + 1e-3), 10);
    }
    teacher.dispose();
    of.dispose();
  });

  it.each([1, 2])('finds the best of a synthetic reward, seed %i', (seed) => {
    const before = liveTensors();
    rng.seed(seed);
    const places = placesWith(1);
    const of = controller({ places, hidden: 8 });
    const teacher = reinforce(of, { aggregate: 4 });
    const choose = uniform(seed);
    const best = scope(() =>
      everyOne(of)
        .map(({ genotypes }) => rewardOf(genotypes))
        .reduce((a, b) => Math.max(a, b)),
    );
    for (let i = 0; i < 320; i++)
      scope(() => {
        const decided = of.decide(choose);
        teacher.reward(decided, { reward: rewardOf(decided.genotypes) / best, lr: 0.03 });
      });
    const found = scope(() => rewardOf(of.decide(likeliest).genotypes));
    expect(found).toBeCloseTo(best, 9);
    teacher.dispose();
    of.dispose();
    expect(liveTensors()).toBe(before);
  });
});
