import { call, channelsLast, type Dtype, ones, select, type Tensor } from '../../src/tensor/index.js';

// What the fused operations refuse. They are called by name, as their wrappers in src/space could not ask for most of
// it.

/** Arguments that break a rule: the operation, what is wrong with them, the call, and the rule. */
export type Refusal = readonly [op: string, what: string, run: () => unknown, rule: string];

const SHAPE = [2, 4, 5, 6];
const image = (shape = SHAPE, dtype: Dtype = 'float32'): Tensor => channelsLast(ones(shape, { dtype }));
const rows = (): Tensor => ones(SHAPE);
const double = (...shape: number[]): Tensor => ones(shape, { dtype: 'float64' });
/** n numbers that do not lie side by side. */
const apart = (n: number): Tensor => select(ones([n, 2]), 1, 0);

// Readers as native/kernels/read_source_arguments.h numbers them: kind, stride, dilation, copies, norm.
const SEPARABLE = [0, 1, 1, 1, 0];
const POINTWISE = [1, 1, 1, 1, 0];
const DENSE = [6, 1, 1, 1, 0];
const REDUCTION = [2, 2, 1, 1, 0];
const MAX = [3, 1, 1, 1, 0];
const SELF = [5, 1, 1, 1, 0];

const depthwise = (): Tensor => ones([4, 1, 3, 3]);
const pointwise = (): Tensor => ones([4, 4, 1, 1]);

interface Read {
  readonly x?: readonly Tensor[];
  readonly moments?: Tensor;
  readonly gamma?: Tensor;
  readonly beta?: Tensor;
  readonly weights?: readonly Tensor[];
  readonly running?: readonly Tensor[];
  readonly readers?: readonly number[];
}
const read = (given: Read): unknown => {
  const {
    x = [image()],
    moments = null,
    gamma = null,
    beta = null,
    weights = [],
    running = [],
    readers = SELF,
  } = given;
  return call('tailnas::read_source', x, moments, gamma, beta, weights, running, readers, true);
};
const moments = (): Tensor => ones([3, 4]);
/** With `norm` behind x itself. */
const measured = (norm: number, running: readonly Tensor[]): unknown => read({ running, readers: [5, 1, 1, 1, norm] });
const separable = (...weights: Tensor[]): unknown => read({ weights, readers: SEPARABLE });
const behind = (norm: Pick<Read, 'moments' | 'gamma' | 'beta'>): unknown =>
  read({ ...norm, weights: [pointwise()], readers: POINTWISE });

const reading: readonly (readonly [what: string, run: () => unknown, rule: string])[] = [
  // With a weight: a call without any tensor is refused by libtorch before it comes here.
  ['no x', () => read({ x: [], weights: [pointwise()], readers: POINTWISE }), 'x must not be empty'],
  ['float64', () => read({ x: [image(SHAPE, 'float64')] }), 'x must be float32, got Double'],
  [
    'three dimensions',
    () => read({ x: [ones([4, 5, 6])] }),
    'x must be [batch, channels, h, w] and hold a value, got sizes [4, 5, 6]',
  ],
  [
    'no images',
    () => read({ x: [image([0, 4, 5, 6])] }),
    'x must be [batch, channels, h, w] and hold a value, got sizes [0, 4, 5, 6]',
  ],
  [
    'rows',
    () => read({ x: [rows()] }),
    'x must be channels-last in memory, got sizes [2, 4, 5, 6] and strides [120, 30, 6, 1]',
  ],
  [
    'parts of two sizes',
    () => read({ x: [image([2, 16, 5, 6]), image([2, 16, 5, 5])] }),
    'the parts of x must have one batch and image size, got [2, 16, 5, 5] beside [2, 16, 5, 6]',
  ],
  [
    'parts of four channels',
    () => read({ x: [image(), image()] }),
    'of several parts of x each must have a multiple of 16 channels, got 4',
  ],
  ['gamma alone', () => behind({ gamma: ones([4]) }), 'gamma and beta must come with moments'],
  ['beta alone', () => behind({ beta: ones([4]) }), 'gamma and beta must come with moments'],
  ['moments in float64', () => behind({ moments: double(3, 4) }), 'moments must be float32, got Double'],
  ['one row of moments', () => behind({ moments: ones([1, 4]) }), 'moments must be [3, 4], got sizes [1, 4]'],
  ['moments of other channels', () => behind({ moments: ones([3, 5]) }), 'moments must be [3, 4], got sizes [3, 5]'],
  ...(['gamma', 'beta'] as const).flatMap((name): (typeof reading)[number][] => [
    [
      `${name} in float64`,
      () => behind({ moments: moments(), [name]: double(4) }),
      `${name} must be float32, got Double`,
    ],
    [
      `${name} of other channels`,
      () => behind({ moments: moments(), [name]: ones([3]) }),
      `${name} must hold 4 values in a row, one a channel, got sizes [3]`,
    ],
    [
      `${name} with gaps`,
      () => behind({ moments: moments(), [name]: apart(4) }),
      `${name} must hold 4 values in a row, one a channel, got sizes [4]`,
    ],
  ]),
  ['no readers', () => read({ readers: [] }), 'readers must be 5 numbers each, got 0'],
  ['half a reader', () => read({ readers: [...SELF, 5] }), 'readers must be 5 numbers each, got 6'],
  ['no copies', () => read({ readers: [5, 1, 1, 0, 0] }), 'a reader must have from 1 to 1024 copies, got 0'],
  [
    'copies beyond count',
    () => read({ readers: [5, 1, 1, 1e9, 0] }),
    'a reader must have from 1 to 1024 copies, got 1000000000',
  ],
  ['kind 8', () => read({ readers: [8, 1, 1, 1, 0] }), "a reader's kind must be from 0 to 7, got 8"],
  ['kind −1', () => read({ readers: [-1, 1, 1, 1, 0] }), "a reader's kind must be from 0 to 7, got -1"],
  ['stride 3', () => read({ readers: [3, 3, 1, 1, 0] }), 'stride must be 1 or 2, got 3'],
  ['stride 0', () => read({ readers: [3, 0, 1, 1, 0] }), 'stride must be 1 or 2, got 0'],
  ...[5, 7].map((kind): (typeof reading)[number] => [
    `x itself or its ReLU (${kind}) with stride 2`,
    () => read({ readers: [kind, 2, 1, 1, 0] }),
    'x itself and its ReLU have stride 1, got 2',
  ]),
  [
    'a norm behind the ReLU of x',
    () => read({ running: [ones([4]), ones([4])], readers: [7, 1, 1, 1, 1] }),
    'a ReLU of x has no norm, got 1',
  ],
  [
    'two readers of the ReLU of x',
    () => read({ readers: [7, 1, 1, 1, 0, 7, 1, 1, 1, 0] }),
    'the ReLU of x must have one reader, with as many copies as are needed, got 2',
  ],
  ['dilation 0', () => read({ readers: [0, 1, 0, 1, 0] }), 'dilation must be >= 1, got 0'],
  [
    'a dilation whose padding has no size',
    () => read({ weights: [depthwise(), pointwise()], readers: [0, 1, 2 ** 30, 1, 0] }),
    'the padding of kernel 3 and dilation 1073741824 must be at most 256 pixels',
  ],
  ['a reduction with stride 1', () => read({ readers: [2, 1, 1, 1, 0] }), 'a factorized reduction has stride 2, got 1'],
  ['norm 3', () => read({ readers: [5, 1, 1, 1, 3] }), "a reader's norm must be from 0 to 2, got 3"],
  [
    'a pool of parts',
    () => read({ x: [image([2, 16, 5, 6]), image([2, 16, 5, 6])], readers: MAX }),
    'pools and x itself must be read from one tensor without moments, got 2 parts',
  ],
  [
    'a pool behind a norm',
    () => read({ moments: moments(), readers: MAX }),
    'pools and x itself must be read from one tensor without moments, got 1 parts and moments',
  ],
  ['no weights', () => separable(), 'the readers need more weights than the 0 given'],
  ['one weight for two', () => separable(depthwise()), 'the readers need more weights than the 1 given'],
  ['a weight for a reader without', () => read({ weights: [pointwise()] }), 'the readers need 0 weights, got 1'],
  [
    'one weight for a reduction',
    () => read({ weights: [pointwise()], readers: REDUCTION }),
    'the readers need more weights than the 1 given',
  ],
  [
    'a 1×1 weight in float64',
    () => separable(depthwise(), double(4, 4, 1, 1)),
    'a 1×1 weight must be float32, got Double',
  ],
  ...[
    [4, 3, 1, 1],
    [0, 4, 1, 1],
    [4, 4, 3, 3],
    [4, 4],
  ].map((shape): (typeof reading)[number] => [
    `a 1×1 weight [${shape.join(', ')}]`,
    () => separable(depthwise(), ones(shape)),
    `a 1×1 weight must be [d, 4, 1, 1], got sizes [${shape.join(', ')}]`,
  ]),
  [
    'a depthwise weight in float64',
    () => separable(double(4, 1, 3, 3), pointwise()),
    'a depthwise weight must be float32, got Double',
  ],
  ...[
    [5, 1, 3, 3],
    [4, 4, 3, 3],
    [4, 1, 3, 5],
    [4, 1, 4, 4],
    [4, 3, 3],
  ].map((shape): (typeof reading)[number] => [
    `a depthwise weight [${shape.join(', ')}]`,
    () => separable(ones(shape), pointwise()),
    `a depthwise weight must be [4, 1, k, k] with k odd, got sizes [${shape.join(', ')}]`,
  ]),
  ...[
    [4, 3, 3, 3],
    [0, 4, 3, 3],
    [4, 4, 3, 5],
    [4, 4, 2, 2],
    [4, 4],
  ].map((shape): (typeof reading)[number] => [
    `a dense weight [${shape.join(', ')}]`,
    () => read({ weights: [ones(shape)], readers: DENSE }),
    `a dense weight must be [d, 4, k, k] with k odd, got sizes [${shape.join(', ')}]`,
  ]),
  [
    'a dense weight in float64',
    () => read({ weights: [double(4, 4, 3, 3)], readers: DENSE }),
    'a dense weight must be float32, got Double',
  ],
  [
    'a dense convolution of a huge dilation',
    () => read({ weights: [ones([4, 4, 3, 3])], readers: [6, 1, 257, 1, 0] }),
    'the padding of kernel 3 and dilation 257 must be at most 256 pixels',
  ],
  ['no running statistics', () => measured(1, []), 'the readers need more running statistics than the 0 given'],
  ['a running mean alone', () => measured(2, [ones([4])]), 'the readers need more running statistics than the 1 given'],
  [
    'running statistics without a norm',
    () => measured(0, [ones([4]), ones([4])]),
    'the readers need 0 running statistics, got 2',
  ],
  [
    'a running mean in float64',
    () => measured(1, [double(4), ones([4])]),
    'a running mean must be float32, got Double',
  ],
  [
    'a running variance of other channels',
    () => measured(1, [ones([4]), ones([3])]),
    'a running variance must hold 4 values in a row, one a channel, got sizes [3]',
  ],
  [
    'moments without a gradient beside an x with one',
    () => read({ x: [image().requireGrad()], moments: moments(), weights: [pointwise()], readers: POINTWISE }),
    'moments must come from the read_source that gave x, got moments without a gradient',
  ],
];

interface Sum {
  readonly raws?: readonly Tensor[];
  readonly moments?: readonly (Tensor | null)[];
  readonly gammas?: readonly (Tensor | null)[];
  readonly betas?: readonly (Tensor | null)[];
  readonly weights?: Tensor;
  readonly relus?: readonly boolean[];
}
const NONE = [null, null];
const sum = (given: Sum): unknown => {
  const { raws = [image(), image()], moments = NONE, gammas = NONE, betas = NONE, weights = ones([2]) } = given;
  return call('tailnas::node_sum', raws, moments, gammas, betas, weights, true, given.relus ?? raws.map(() => false));
};

const adding: readonly (readonly [what: string, run: () => unknown, rule: string])[] = [
  [
    'nothing',
    () => sum({ raws: [], moments: [], gammas: [], betas: [], weights: ones([0]) }),
    'raws must not be empty',
  ],
  [
    'two shapes',
    () => sum({ raws: [image(), image([2, 4, 5, 5])] }),
    'raws must be [batch, channels, h, w], not empty and all of one shape, got [2, 4, 5, 5]',
  ],
  [
    'three dimensions',
    () => sum({ raws: [ones([4, 5, 6]), ones([4, 5, 6])] }),
    'raws must be [batch, channels, h, w], not empty and all of one shape, got [4, 5, 6]',
  ],
  [
    'no images',
    () => sum({ raws: [image([0, 4, 5, 6]), image([0, 4, 5, 6])] }),
    'raws must be [batch, channels, h, w], not empty and all of one shape, got [0, 4, 5, 6]',
  ],
  ['float64', () => sum({ raws: [image(), image(SHAPE, 'float64')] }), 'raws must be float32, got Double'],
  ['rows', () => sum({ raws: [image(), rows()] }), 'raws must be channels-last in memory'],
  ...(['moments', 'gammas', 'betas'] as const).map((name): (typeof adding)[number] => [
    `one of ${name} for two`,
    () => sum({ [name]: [null] }),
    `${name} must be as many as raws, 2, got 1`,
  ]),
  ...[[2, 4], [3, 5], [3]].map((shape): (typeof adding)[number] => [
    `moments [${shape.join(', ')}]`,
    () => sum({ moments: [null, ones(shape)] }),
    `moments must be float32 [1 or 3, 4], got Float[${shape.join(', ')}]`,
  ]),
  [
    'moments in float64',
    () => sum({ moments: [double(3, 4), null] }),
    'moments must be float32 [1 or 3, 4], got Double[3, 4]',
  ],
  ...(['gammas', 'betas'] as const).flatMap((name): (typeof adding)[number][] => [
    [
      `${name} of other channels`,
      () => sum({ moments: [moments(), null], [name]: [ones([3]), null] }),
      `${name} must be float32 [channels], got Float[3]`,
    ],
    [
      `${name} in float64`,
      () => sum({ moments: [moments(), null], [name]: [double(4), null] }),
      `${name} must be float32 [channels], got Double[4]`,
    ],
    [
      `${name} without moments`,
      () => sum({ [name]: [null, ones([4])] }),
      `${name} must come with moments of three rows, raw 1 has none`,
    ],
    [
      `${name} with moments of one row`,
      () => sum({ moments: [ones([1, 4]), null], [name]: [ones([4]), null] }),
      `${name} must come with moments of three rows, raw 0 has none`,
    ],
  ]),
  ['one of relus for two', () => sum({ relus: [true] }), 'relus must be as many as raws, 2, got 1'],
  ...([null, moments()] as const).map((given): (typeof adding)[number] => [
    `the ReLU of a raw with ${given === null ? 'no' : 'three'} rows of moments`,
    () => sum({ moments: [null, given], relus: [false, true] }),
    "a raw whose ReLU counts must be a reader's, with moments of one row, those of raw 1 are",
  ]),
  ['three weights for two', () => sum({ weights: ones([3]) }), 'weights must be float32 [2], got Float[3]'],
  ['weights in float64', () => sum({ weights: double(2) }), 'weights must be float32 [2], got Double[2]'],
  [
    'moments without a gradient beside a raw with one',
    () => sum({ raws: [image(), image().requireGrad()], moments: [null, moments()] }),
    'moments must come from the read_source that gave the raw, those of raw 1 have no gradient',
  ],
];

export const refusals: readonly Refusal[] = [
  ...reading.map(([what, run, rule]): Refusal => ['read_source', what, run, `Cannot read source: ${rule}`]),
  ...adding.map(([what, run, rule]): Refusal => ['node_sum', what, run, `Cannot sum branches: ${rule}`]),
];
