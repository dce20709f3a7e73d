import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { built, type ExportCase, graphOf, networkCases, primitiveCases } from '../../test/support/exports.js';
import { ParameterStore } from '../nn/index.js';
import {
  add,
  call,
  exp,
  liveTensors,
  mul,
  noGrad,
  randn,
  reshape,
  rng,
  scope,
  Tensor,
  zeros,
} from '../tensor/index.js';
import { onnxEvaluator } from './evaluate.js';
import { readOnnx } from './onnx-read.js';
import { toOnnxBytes } from './onnx-write.js';

/** The largest difference between what a network answers and what its file does, as a share of the largest answer. */
const deviation = (of: ExportCase): number => {
  const evaluator = onnxEvaluator(readOnnx(toOnnxBytes(graphOf(of))));
  const [difference, largest] = [1, 3, 4].reduce<[number, number]>(
    ([d, l], batch) => {
      const [ours = [], theirs = []] = scope(() =>
        noGrad(() => {
          const x = randn([batch, of.channels, of.imageSize, of.imageSize]);
          return [of.answer(x).toArray(), evaluator.run(x).toArray()];
        }),
      );
      expect(theirs.length).toBe(ours.length);
      const off = ours.map((value, i) => Math.abs(value - (theirs[i] ?? Number.NaN)));
      return [Math.max(d, ...off), Math.max(l, ...ours.map(Math.abs))];
    },
    [0, 0],
  );
  evaluator.dispose();
  expect(largest).toBeGreaterThan(1e-3);
  return difference / largest;
};

let before = 0;
beforeEach(() => {
  before = liveTensors();
});
afterEach(() => expect(liveTensors()).toBe(before));

describe('a graph answers as its network does', () => {
  it.each(primitiveCases())('%s', (_, make) => {
    const of = built(make);
    expect(deviation(of)).toBeLessThan(1e-5);
    of.store.dispose();
  });

  it.each(networkCases().filter(([name]) => name !== 'supernet'))('%s', (_, make) => {
    const of = built(make);
    expect(deviation(of)).toBeLessThan(1e-4);
    of.store.dispose();
  });

  it('leaves out the head that a mixing of 0 silences, and an auxiliary head', () => {
    const names = (name: string) => {
      const make = networkCases().find(([known]) => known === name)?.[1];
      if (make === undefined) throw new Error(name);
      const of = built(make);
      const { constants } = graphOf(of);
      of.store.dispose();
      return constants.map((each) => each.name.split('.')[0]);
    };
    expect(new Set(names('bilateral-0.3'))).toContain('instance');
    expect(new Set(names('bilateral-0'))).not.toContain('instance');
    expect(new Set(names('bilateral-0'))).toContain('class');
    expect(new Set(names('bilateral-1'))).not.toContain('class');
    expect(new Set(names('darts-v2-15'))).not.toContain('auxiliary');
  });

  it('is the same for every call, with the batch free and norms as they are', () => {
    const of = built(networkCases()[0]?.[1] ?? (() => expect.fail('no case')));
    const graph = graphOf(of, { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] });
    expect(toOnnxBytes(graph)).toEqual(toOnnxBytes(graphOf(of, { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] })));
    expect(graph).toMatchObject({ opset: 17, irVersion: 8, inputs: [{ shape: ['batch', 3, 15, 15] }] });
    expect(graph.outputs).toEqual([{ name: 'logits', type: 'float32', shape: ['batch', 7] }]);
    expect(graph.nodes.slice(0, 2).map(({ op }) => op)).toEqual(['Sub', 'Div']);
    expect(graph.nodes.some(({ op }) => op === 'BatchNormalization')).toBe(true);
    for (const { op, attributes } of graph.nodes) {
      if (op === 'AveragePool') expect(attributes['count_include_pad']).toBe(0);
      if (op.endsWith('Pool') && op !== 'GlobalAveragePool') expect(attributes['ceil_mode']).toBe(0);
    }
    expect(readOnnx(toOnnxBytes(graph))).toEqual(graph);
    of.store.dispose();
  });
});

const bare = (answer: (x: Tensor) => Tensor): ExportCase => ({
  ...{ name: 'bare', channels: 3, imageSize: 4, answer },
  store: new ParameterStore({}),
});
const tensorOf = (value: unknown): Tensor => (value instanceof Tensor ? value : expect.fail('no tensor'));

describe('what follows the number of images', () => {
  it('is not baked in: a shape, and zeros for each image', () => {
    rng.seed(2);
    const shaped = bare((x) => {
      const [n = 0] = x.shape;
      return add(reshape(x, [n, 48]), zeros([n, 48]));
    });
    expect(deviation(shaped)).toBe(0);
  });

  it('is refused where it is a number of the arithmetic', () => {
    expect(() => graphOf(bare((x) => mul(x, 1 / (x.shape[0] ?? 1))))).toThrow(
      'Cannot export to ONNX: aten::mul.Scalar must do the same for any number of images',
    );
  });
});

describe('an operator that cannot be written', () => {
  it('is named, with the way out', () => {
    expect(() => graphOf(bare((x) => exp(tensorOf(call('aten::erf', x)))))).toThrow(
      /every operator of the network must be one that tailnas can write, aten::erf is not; .*--safetensors/,
    );
  });

  it('may be used on weights, which are constants', () => {
    rng.seed(3);
    const fixed = randn([1, 3, 1, 1]);
    expect(deviation(bare((x) => mul(x, tensorOf(call('aten::erf', fixed)))))).toBeLessThan(1e-6);
    fixed.dispose();
  });

  it('is one that would choose among images, or train', () => {
    expect(() => graphOf(bare((x) => tensorOf(call('aten::slice.Tensor', x, 0, 1))))).toThrow(
      'must not choose among the images of a batch',
    );
  });
});
