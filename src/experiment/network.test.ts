import { describe, expect, it } from 'vitest';
import { dartsPrimitives, none, searchSpace } from '../space/index.js';
import { networkOf } from './index.js';

const openRun = (): never => {
  throw new Error('no run is opened');
};
const [, , , skip = none, separable = none] = dartsPrimitives;

describe('a random network', () => {
  it('is drawn from the space that is named, by the seed, and knows where it is from', () => {
    const space = searchSpace('tiny', [none, skip, separable]);
    const { name, genotypes, search } = networkOf('random', { seed: 4, space, openRun });
    const ops = Object.values(genotypes?.['backbone'] ?? {}).flatMap(({ nodes }) => nodes.flat().map(({ op }) => op));
    expect(new Set(ops)).toEqual(new Set(['skip_connect', 'sep_conv_3x3']));
    expect({ name, search }).toEqual({
      name: 'random (space tiny)',
      search: { name: 'random', seed: 4, options: { space: 'tiny', nodes: 4 } },
    });
    expect(networkOf('random', { seed: 4, space, openRun }).genotypes).toEqual(genotypes);
    expect(networkOf('random', { seed: 5, space, openRun }).genotypes).not.toEqual(genotypes);
    expect(networkOf('random', { seed: 4, openRun }).name).toBe('random');
  });

  it('is refused where an operation has no name that run.json could keep', () => {
    const space = searchSpace('mine', [{ ...skip, name: 'nameless' }]);
    expect(() => networkOf('random', { seed: 0, space, openRun })).toThrow(
      'Cannot read genotype from search space "mine": backbone, normal cell: unknown primitive "nameless"',
    );
  });
});
