import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '../../src/data/rng.js';
import { type Arg, call, channelsLast, schemaOf, type Tensor, tensor, to } from '../../src/tensor/index.js';

/** The name of every operator of libtorch's namespace `aten`, as its headers have them: `aten::add.Tensor`. */
export const operatorNames = (torch: string): string[] => {
  const folder = join(torch, 'include', 'ATen', 'ops');
  const found = readdirSync(folder)
    .filter((file) => file.endsWith('_ops.h'))
    .flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/ name = "(aten::\w+)";\s+.* overload_name = "(\w*)";/g),
    ])
    .map(([, name = '', overload = '']) => (overload === '' ? name : `${name}.${overload}`));
  return [...new Set(found)].sort();
};

const SIZES = [0, 1, 1, 2, 2, 3, 4, 5];
const DTYPES = [
  'float32',
  'float32',
  'float32',
  'float64',
  'int64',
  'int64',
  'int32',
  'uint8',
  'bool',
  'bfloat16',
] as const;
const NUMBERS = [0, 0, 1, 1, 1, 2, 2, 3, 4, 5, -1, -1, -2, -7, 100, 2 ** 50, -(2 ** 50)];
const REALS = [0, 1, 0.5, -1, 1e-5, 1e30, Number.NaN, Number.POSITIVE_INFINITY];
const WORDS = [
  '',
  'mean',
  'none',
  'sum',
  'ij,jk->ik',
  'linear',
  'reflect',
  'constant',
  'L',
  'U',
  'floor',
  'ortho',
  'raise',
];
const LOOKS = [
  'transposed',
  'expanded',
  'channels-last',
  'leaf',
  'sparse',
  'csr',
  'quantized',
  'meta',
  'onednn',
] as const;

/** What a random tensor is like; all tensors of one call often are alike, or no operator of two would ever take both. */
interface Like {
  readonly shape: readonly number[];
  readonly dtype: (typeof DTYPES)[number];
}

const pick = <T>(rng: Rng, from: readonly T[]): T => {
  const found = from[rng.below(from.length)];
  if (found === undefined) throw new Error('there is nothing to pick from');
  return found;
};

const randomLike = (rng: Rng): Like => ({
  shape: Array.from({ length: rng.below(6) }, () => pick(rng, SIZES)),
  dtype: pick(rng, DTYPES),
});

const changed = (x: Tensor, look: (typeof LOOKS)[number] | 'plain'): unknown => {
  switch (look) {
    case 'transposed':
      return x.shape.length < 2 ? x : call('aten::transpose.int', x, 0, 1);
    case 'expanded':
      return call('aten::expand', x, [2, ...x.shape]);
    case 'channels-last':
      return x.shape.length === 4 ? channelsLast(x) : x;
    case 'leaf':
      return x.dtype.startsWith('float') ? x.requireGrad() : x;
    case 'sparse':
      return call('aten::to_sparse', x);
    case 'csr':
      return call('aten::to_sparse_csr', x);
    case 'quantized':
      return call('aten::quantize_per_tensor', to(x, { dtype: 'float32' }), 0.1, 3, 13);
    case 'meta':
      return call('aten::to.device', x, 'meta', 'float32');
    case 'onednn':
      return call('aten::to_mkldnn', x);
    default:
      return x;
  }
};

const randomTensor = (rng: Rng, like: Like): Tensor => {
  const { shape, dtype } = rng.uniform() < 0.6 ? like : randomLike(rng);
  const n = shape.reduce((a, b) => a * b, 1);
  // Numbers that may be indices, also such as lie outside.
  const values = Array.from({ length: n }, () => rng.below(12) - (dtype === 'uint8' ? 0 : 3));
  const data = dtype === 'bool' ? values.map((v) => v & 1) : values;
  const x = to(tensor(data, { dtype: 'float32', shape }), { dtype });
  const look = rng.uniform() < 0.25 ? pick(rng, LOOKS) : 'plain';
  try {
    const own = changed(x, look);
    return own instanceof Object && 'shape' in own ? (own as Tensor) : x;
  } catch {
    return x;
  }
};

const listOf = <T>(rng: Rng, make: () => T): T[] => Array.from({ length: rng.below(5) }, make);

/** One argument of a kind that the schema asks for; now and then none, or one of another kind. */
const randomArgument = (rng: Rng, kind: string, like: Like): Arg => {
  if (rng.uniform() < 0.03) return rng.uniform() < 0.5 ? null : undefined;
  switch (kind) {
    case 'T':
      return randomTensor(rng, like);
    case 'L':
      return listOf(rng, () => randomTensor(rng, like));
    case 'i':
      return pick(rng, NUMBERS);
    case 'I':
      return rng.uniform() < 0.3 ? like.shape : listOf(rng, () => pick(rng, NUMBERS));
    case 'f':
      return pick(rng, REALS);
    case 'F':
      return listOf(rng, () => pick(rng, REALS));
    case 'b':
      return rng.uniform() < 0.5;
    case 'B':
      return listOf(rng, () => rng.uniform() < 0.5);
    case 's':
      return pick(rng, rng.uniform() < 0.5 ? NUMBERS : REALS);
    case 'z':
      return pick(rng, WORDS);
    case 'd':
      return rng.uniform() < 0.9 ? pick(rng, DTYPES) : rng.below(50);
    case 'l':
      return rng.below(9);
    case 'v':
      return pick(rng, ['cpu', 'cpu', 'meta', 'cuda']);
    case 'm':
      return rng.below(5);
    default:
      return undefined;
  }
};

/** The arguments of the `n`-th call of an operator: the same in every process. Half the calls leave out all defaults. */
export const randomArguments = (name: string, n: number): Arg[] => {
  const rng = new Rng(n, name);
  const like = randomLike(rng);
  const { kinds, names, schema } = schemaOf(name);
  const usual = rng.uniform() < 0.5;
  return [...kinds].map((kind, i) =>
    usual && schema.includes(` ${names[i]}=`) ? undefined : randomArgument(rng, kind, like),
  );
};

/** An argument in words: `float32[2, 3]`. */
export const words = (arg: Arg): string => {
  if (Array.isArray(arg)) return `[${arg.map(words).join(', ')}]`;
  if (arg instanceof Object && 'dtype' in arg) {
    try {
      return `${arg.dtype}[${arg.shape.join(', ')}]`;
    } catch {
      return 'a tensor';
    }
  }
  return typeof arg === 'string' ? JSON.stringify(arg) : String(arg);
};
