import { toOnnx } from '../../src/export/to-onnx.js';
import {
  cosineClassifier,
  derivedBilateralNetwork,
  derivedNetwork,
  etfClassifier,
  learnedScale,
  type Model,
  type NetShape,
  resnet,
  searchNetwork,
  tauNormalised,
} from '../../src/net/index.js';
import { type Knobs, ParameterStore, testing } from '../../src/nn/index.js';
import {
  dartsPrimitives,
  genotypeNames,
  modeOf,
  namedGenotype,
  none,
  openSource,
  type Primitive,
  sepConv7x7,
  sumBranches,
} from '../../src/space/index.js';
import { inPlace, noGrad, rng, type Tensor } from '../../src/tensor/index.js';

/** A network to export in a test, small and with weights that say something. */
export interface ExportCase {
  readonly name: string;
  readonly channels: number;
  readonly imageSize: number;
  readonly store: ParameterStore;
  readonly answer: (images: Tensor) => Tensor;
}

/** Statistics of norms, gains and biases away from 0 and 1: one that is left out or mixed up is then seen. */
const stirred = (store: ParameterStore): ParameterStore => {
  noGrad(() => {
    for (const [name, buffer] of store.buffers) {
      if (name.endsWith('running_mean')) inPlace.uniform(buffer, -0.3, 0.3);
      if (name.endsWith('running_var')) inPlace.uniform(buffer, 0.5, 1.5);
    }
    for (const { shape, value } of store.parameters) if (shape.length === 1) inPlace.uniform(value, 0.4, 1.6);
  });
  return store;
};

const SMALL: Omit<NetShape, 'imageSize'> = { channels: 4, layers: 3, nodes: 4, classes: 7, inputChannels: 3 };

const ofModel = (
  name: string,
  model: Model,
  { imageSize, channels = 3, at = model.settings[0] ?? {} }: { imageSize: number; channels?: number; at?: Knobs },
): ExportCase => ({
  ...{ name, channels, imageSize },
  store: stirred(model.store),
  answer: (images) => {
    const [answer] = model.answers(images, testing, [at]);
    if (answer === undefined) throw new Error('no answer');
    return answer.logits;
  },
});

/** An operation alone, behind a state of images. */
const ofPrimitive = (
  primitive: Primitive,
  { stride, imageSize, supernet }: { stride: 1 | 2; imageSize: number; supernet: boolean },
): ExportCase => {
  const channels = 5;
  const store = new ParameterStore({});
  const place = store.component('op');
  const at = { store: place.child('op'), sourceStore: place.child('source'), channels, stride, supernet };
  const stages = primitive.build(at);
  stirred(store.allocate());
  const name = `${primitive.name}-stride${stride}-${imageSize}${supernet ? '-supernet' : ''}`;
  const answer = (images: Tensor): Tensor => {
    const mode = { ...modeOf(place, testing), training: false };
    const source = openSource([images], [stages], mode);
    const sum = sumBranches([{ branch: source.branch(stages), weight: 1 }], mode);
    if (sum === undefined) throw new Error('no branch');
    return sum;
  };
  return { name, channels, imageSize, store, answer };
};

/** Every operation × stride × size, odd and even × with and without gains. */
export const primitiveCases = (): readonly (readonly [string, () => ExportCase])[] =>
  [...dartsPrimitives, sepConv7x7]
    .filter((primitive) => primitive !== none)
    .flatMap((primitive) =>
      ([1, 2] as const).flatMap((stride) =>
        [7, 8].flatMap((imageSize) =>
          [false, true].map((supernet) => {
            const name = `${primitive.name}, stride ${stride}, ${imageSize}×${imageSize}${supernet ? ', supernet' : ''}`;
            return [name, () => ofPrimitive(primitive, { stride, imageSize, supernet })] as const;
          }),
        ),
      ),
    );

const genotype = namedGenotype('darts-v2') ?? {};
const genotypes = { backbone: genotype, instance: genotype, class: namedGenotype('nasnet-a') ?? {} };
const [odd, even] = [15, 16];
const shape = (imageSize: number, more: Partial<NetShape> = {}): NetShape => ({ ...SMALL, imageSize, ...more });

/** Every kind of network. */
export const networkCases = (): readonly (readonly [string, () => ExportCase])[] => {
  const cases: [string, () => ExportCase][] = [];
  const add = (name: string, model: () => Model, how: { imageSize: number; channels?: number; at?: Knobs }): void => {
    cases.push([name, () => ofModel(name, model(), how)]);
  };
  for (const known of genotypeNames)
    for (const imageSize of [odd, even])
      add(
        `${known}-${imageSize}`,
        () => derivedNetwork(shape(imageSize), { genotype: namedGenotype(known) ?? {}, auxiliary: true }),
        { imageSize },
      );
  for (const imageSize of [odd, even])
    add(`resnet-${imageSize}`, () => resnet(shape(imageSize), { depth: 8 }), { imageSize });
  add('grey', () => derivedNetwork(shape(odd, { inputChannels: 1 }), { genotype }), { imageSize: odd, channels: 1 });
  add('class-head-on-top', () => derivedNetwork(shape(odd), { genotype, head: genotypes.class }), { imageSize: odd });
  const empty = { nodes: [[{ op: 'none', from: 0 }], [{ op: 'sep_conv_3x3', from: 1 }]], concat: [2, 3] };
  add('empty-node', () => derivedNetwork(shape(odd), { genotype: { normal: empty, reduction: empty } }), {
    imageSize: odd,
  });
  for (const mixing of [0, 0.3, 1])
    add(`bilateral-${mixing}`, () => derivedBilateralNetwork(shape(odd), { genotypes, logitScale: 2 }), {
      imageSize: odd,
      at: { mixing },
    });
  for (const classifier of [cosineClassifier(20), etfClassifier(10)])
    for (const [of, build] of [
      ['cells', (given: NetShape) => derivedNetwork(given, { genotype })],
      ['resnet', (given: NetShape) => resnet(given, { depth: 8 })],
    ] as const)
      add(`${classifier.label}-${of}`, () => build(shape(odd, { classifier })), { imageSize: odd });
  add('learned-scale', () => learnedScale((given) => resnet(given, { depth: 8 }), shape(odd)), { imageSize: odd });
  add('tau', () => tauNormalised(resnet(shape(odd), { depth: 8 })), { imageSize: odd, at: { tau: 0.7 } });
  add('supernet', () => searchNetwork(shape(even, { nodes: 2 })), { imageSize: even });
  return cases;
};

/** The graph of a case; `mean` and `std` are put in front where they are given. */
export const graphOf = (of: ExportCase, normalise?: { mean: readonly number[]; std: readonly number[] }) =>
  toOnnx({
    answer: of.answer,
    channels: of.channels,
    imageSize: of.imageSize,
    weights: new Map<string, Tensor>([
      ...of.store.parameters.map(({ name, value }): [string, Tensor] => [name, value]),
      ...of.store.buffers,
    ]),
    normalise,
    input: 'images',
    output: 'logits',
    name: of.name,
    producer: { name: 'tailnas', version: '0' },
    metadata: { classes: '["a"]' },
  });

/** A case made anew, with the same weights at every call. */
export const built = (make: () => ExportCase, seed = 1): ExportCase => {
  rng.seed(seed);
  return make();
};
