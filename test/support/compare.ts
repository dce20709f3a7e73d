import type { z } from 'zod';
import type { ParameterStore } from '../../src/nn/index.js';
import type { Dtype, Tensor } from '../../src/tensor/index.js';
import {
  type Digest,
  digestError,
  digestOf,
  type Fixture,
  given,
  type Named,
  ourName,
  type sizes,
} from './fixtures.js';

/** The sizes of the fixture's network. */
export const shapeOf = (f: z.infer<typeof sizes>, dtype: Dtype) => ({
  channels: f.channels,
  layers: f.layers,
  nodes: f.nodes,
  classes: f.classes,
  inputChannels: f.inChannels,
  dtype,
});

const worst = (errors: readonly (readonly [string, number])[]): [string, number] =>
  errors.reduce<[string, number]>(
    ([name, most], [n, e]) => (e >= most || Number.isNaN(e) ? [n, e] : [name, most]),
    ['', 0],
  );

/** The largest relative difference of our tensors from theirs, and where it is. */
export const compare = (
  ours: ReadonlyMap<string, Tensor>,
  theirs: readonly Digest[],
  { names, fixture, floor }: { names: Fixture['weights']; fixture: Named; floor: number },
): [string, number] =>
  worst(
    names.map(({ name }, i) => {
      const tensor = given(ours.get(ourName(name, fixture)));
      return [name, digestError(digestOf(tensor), given(theirs[i]), { floor })] as const;
    }),
  );

/** The largest difference, relative to the largest of theirs. */
export const maxAbs = (ours: readonly number[], theirs: readonly number[]): number =>
  Math.max(...theirs.map((v, i) => Math.abs(v - (ours[i] ?? Number.NaN)))) / Math.max(...theirs.map(Math.abs));

/** Weights by name. */
export const weightsOf = (store: ParameterStore) => new Map(store.parameters.map((p) => [p.name, p.value]));
