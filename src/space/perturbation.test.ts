import { describe, expect, it } from 'vitest';
import { rng, scope, tensor } from '../tensor/index.js';
import { perturbed } from './perturbation.js';

const training = { training: true, knobs: { perturbation: 1 } };

describe('perturbed operation weights', () => {
  it('add up to 1, or are all 0 where the noise has taken each of them: never NaN', () => {
    const sums = new Set<string>();
    for (let seed = 0; seed < 200; seed++)
      scope(() => {
        rng.seed(seed);
        const row = perturbed(tensor([[0.5, 0.5]]), training).toArray();
        sums.add(row.reduce((a, b) => a + b, 0).toFixed(4));
      });
    expect([...sums].sort()).toEqual(['0.0000', '1.0000']);
  });
});
