import {
  abs,
  add,
  avgPool2d,
  batchNorm,
  channelStats,
  conv2d,
  maxPool2d,
  mul,
  nodeSum,
  pool3x3,
  relu,
  type Stats,
  scope,
  select,
  sepHalf,
  type Tensor,
  tensor,
  to,
} from '../../src/tensor/index.js';
import {
  awayFromZero,
  type Case,
  EPSILON,
  moments,
  type NodeCase,
  numbers,
  type PoolCase,
  pushFromKink,
  type SepCase,
  type Special,
} from './kernels-cases.js';
import {
  batchStats,
  compareKinds,
  compareTwins,
  count,
  type Errors,
  imageShape,
  normed,
  of,
  row,
  runningStats,
  type Tensors,
  type Tried,
  tensorsOf,
  withThreads,
  worstOf,
} from './kernels-twins.js';

// The fused operations and their twins, and how far they are apart in a case.

const put = (x: Float32Array, specials: readonly Special[]): Float32Array => {
  for (const { at, value } of specials) x[Math.floor(at * x.length)] = value;
  return x;
};

/** Inputs of sep_half, and the operation in both forms. */
const sepTwins = (c: SepCase, specials: readonly Special[]): Tried => {
  const { channels, outputs, kernel, stride, dilation, norm, seed } = c;
  const wants = (name: SepCase['wanted'][number]) => c.wanted.includes(name);
  const gamma = norm !== 'none' && c.gamma ? awayFromZero(seed + 1, channels, { least: 0.5 }) : undefined;
  const beta = norm !== 'none' && c.beta ? awayFromZero(seed + 2, channels, { most: 0.6 }) : undefined;
  const shape = imageShape(c);
  const running = runningStats(seed + 3, channels);
  const pixels = c.height * c.width;
  const drawn = awayFromZero(seed, count(shape));
  const x =
    norm === 'batch'
      ? pushFromKink(drawn, c, { gamma, beta })
      : norm === 'running' // what is drawn is the value at the kink's side; x is what becomes it
        ? drawn.map((z, i) => {
            const k = Math.floor(i / pixels) % channels;
            const slope = (gamma?.[k] ?? 1) / Math.sqrt((running.variance[k] ?? 1) + EPSILON);
            return (z - (beta?.[k] ?? 0)) / slope + (running.mean[k] ?? 0);
          })
        : drawn;
  const own = moments(x, c);
  const inputs = {
    x: { values: put(x, specials), shape, wanted: wants('x') },
    ...(gamma === undefined ? {} : { gamma: { values: gamma, shape: [channels], wanted: wants('gamma') } }),
    ...(beta === undefined ? {} : { beta: { values: beta, shape: [channels], wanted: wants('beta') } }),
    depthwise: {
      values: numbers(seed + 5, channels * kernel * kernel).map((v) => (2 * v) / kernel),
      shape: [channels, 1, kernel, kernel],
      wanted: wants('depthwise'),
    },
    pointwise: {
      values: numbers(seed + 6, outputs * channels).map((v) => (2 * v) / Math.sqrt(channels)),
      shape: [outputs, channels, 1, 1],
      wanted: wants('pointwise'),
    },
  };
  const plainOf = (stats: Parameters<typeof normed>[1]) => (t: Tensors) => {
    const affine = { weight: t['gamma'] ?? null, bias: t['beta'] ?? null };
    const z = norm === 'none' ? of(t, 'x') : normed(of(t, 'x'), stats, affine);
    const padding = (dilation * (kernel - 1)) / 2;
    return conv2d(
      conv2d(relu(z), of(t, 'depthwise'), { stride, padding, dilation, groups: channels }),
      of(t, 'pointwise'),
    );
  };
  const fixed = { mean: Array.from(running.mean), variance: Array.from(running.variance) };
  const ownStats = { mean: own.map((m) => m.mean), variance: own.map((m) => m.variance) };
  return {
    inputs,
    twins: {
      fused: (t) => {
        const given = { gamma: t['gamma'] ?? null, beta: t['beta'] ?? null, ofBatch: norm === 'batch' };
        const stats = norm === 'batch' ? batchStats(of(t, 'x')) : running.fused();
        const weights = { depthwise: of(t, 'depthwise'), pointwise: of(t, 'pointwise'), stride, dilation };
        return sepHalf(of(t, 'x'), norm === 'none' ? weights : { ...weights, stats: { ...stats, ...given } });
      },
      plain: plainOf(norm === 'running' ? fixed : undefined),
      ...(norm === 'batch' ? { held: plainOf(ownStats) } : {}),
    },
  };
};

export const sepErrors = (c: SepCase): Errors => {
  const { inputs, twins } = sepTwins(c, []);
  return compareTwins(inputs, twins, c);
};

const nodeTwins = (c: NodeCase, specials: readonly Special[]): Tried => {
  const { channels, seed, terms, ofBatch } = c;
  const shape = imageShape(c);
  const raws = terms.map(({ wanted }, k) => ({
    values: numbers(seed + 10 * k, count(shape), { from: -1.2, to: 1.8 }),
    shape,
    wanted,
  }));
  const own = raws.map(({ values }) => moments(values, c));
  const [first] = raws;
  if (first !== undefined) put(first.values, specials);
  const running = terms.map((_, k) => runningStats(seed + 10 * k + 5, channels));
  const order = [...terms.keys(), ...(c.twice ? [0] : [])];
  const weights = { values: awayFromZero(seed + 7, order.length), shape: [order.length], wanted: c.wanted };
  const plainOf =
    (statsOf: (k: number) => Parameters<typeof normed>[1], sign: (w: Tensor) => Tensor = (w) => w) =>
    (t: Tensors) =>
      order
        .map((k, i) => {
          const raw = of(t, `raw${k}`);
          return mul(terms[k]?.normed ? normed(raw, statsOf(k)) : raw, sign(select(of(t, 'weights'), 0, i)));
        })
        .reduce((sum, term) => add(sum, term));
  const lists = (k: number) => ({
    mean: Array.from(running[k]?.mean ?? []),
    variance: Array.from(running[k]?.variance ?? []),
  });
  return {
    inputs: { ...Object.fromEntries(raws.map((raw, k) => [`raw${k}`, raw])), weights },
    twins: {
      fused: (t) => {
        const stats = order.map((k): Stats | undefined => {
          const found = ofBatch ? batchStats(of(t, `raw${k}`)) : running[k]?.fused();
          return terms[k]?.normed && found !== undefined ? { ...found, ofBatch } : undefined;
        });
        const given = order.map((k) => of(t, `raw${k}`));
        return nodeSum(given, { stats, weights: of(t, 'weights'), ofBatch });
      },
      plain: plainOf((k) => (ofBatch ? undefined : lists(k))),
      ...(ofBatch
        ? {
            held: plainOf(
              (k) => ({
                mean: own[k]?.map((m) => m.mean) ?? [],
                variance: own[k]?.map((m) => m.variance) ?? [],
              }),
              abs, // a raw that is read twice must not cancel itself
            ),
          }
        : {}),
    },
  };
};

export const nodeErrors = (c: NodeCase): Errors => {
  const { inputs, twins } = nodeTwins(c, []);
  const { output = Number.NaN, weights, ...raws } = compareTwins(inputs, twins, c);
  const worst = Object.values(raws);
  return {
    output,
    ...(weights === undefined ? {} : { weights }),
    ...(worst.length === 0 ? {} : { raws: Math.max(...worst) }),
  };
};

const poolTwins = (c: PoolCase, specials: readonly Special[]): Tried => {
  const { seed, stride, which, ties } = c;
  const shape = imageShape(c);
  const drawn = numbers(seed, count(shape));
  const values = put(ties ? drawn.map((v) => Math.round(2 * v)) : drawn, specials);
  const options = { kernel: 3, stride, padding: 1 };
  const plain = which === 'max' ? maxPool2d : avgPool2d;
  return {
    inputs: { x: { values, shape, wanted: true } },
    twins: { fused: (t) => pool3x3[which](of(t, 'x'), stride), plain: (t) => plain(of(t, 'x'), options) },
  };
};

/** Their input is exact in both types, so that maxima are the same ones: ties need not be avoided, the first of them must win. */
export const poolErrors = (c: PoolCase): Errors => {
  const { inputs, twins } = poolTwins(c, []);
  return compareTwins(inputs, twins, c);
};

/** Channel statistics of one batch, and the running ones after it. `offset` is the mean in deviations. */
export const statsErrors = (c: Case, { offset = 0.3 }: { offset?: number } = {}): Errors =>
  scope(() => {
    const { seed, channels, rows } = c;
    const shape = imageShape(c);
    const values = numbers(seed, count(shape), { from: offset - Math.sqrt(3), to: offset + Math.sqrt(3) });
    const own = moments(values, c);
    const start = { mean: numbers(seed + 1, channels), variance: numbers(seed + 2, channels, { from: 0.5, to: 2 }) };
    const ours = { runningMean: tensor(start.mean.slice()), runningVar: tensor(start.variance.slice()) };
    const theirs = { runningMean: row(start.mean), runningVar: row(start.variance) };
    const x = tensorsOf({ x: { values, shape } }, { rows, dtype: 'float32' });
    const { mean, invstd } = withThreads(c, () => channelStats(of(x, 'x'), { ...ours, momentum: 0.1, eps: EPSILON }));
    batchNorm(to(of(x, 'x'), { dtype: 'float64' }), { ...theirs, training: true, momentum: 0.1, eps: EPSILON });
    const exact = own.map((m) => 1 / Math.sqrt(m.variance + EPSILON));
    const errors = {
      mean: worstOf(
        mean.toArray(),
        own.map((m) => m.mean),
      ),
      invstd: Math.max(...invstd.toArray().map((v, i) => Math.abs(v / (exact[i] ?? Number.NaN) - 1))),
      runningMean: worstOf(ours.runningMean.toArray(), theirs.runningMean.toArray()),
      runningVar: worstOf(ours.runningVar.toArray(), theirs.runningVar.toArray()),
    };
    return errors;
  });

/** A mean of 1000 deviations: what normalises by sums of float32 squares is far off there. */
export const offsetErrors = (c: Case): Errors => {
  const { invstd = Number.NaN } = statsErrors(c, { offset: 1000 });
  const { channels, seed } = c;
  const shape = imageShape(c);
  const values = numbers(seed, count(shape), { from: 1000 - Math.sqrt(3), to: 1000 + Math.sqrt(3) });
  return scope(() => {
    const { x } = tensorsOf({ x: { values, shape } }, { rows: c.rows, dtype: 'float32' });
    if (x === undefined) throw new Error('there is no x');
    const exact = normed(to(x, { dtype: 'float64' }), undefined);
    const far = (ours: Tensor, theirs: Tensor): number => {
      const own = ours.toArray();
      return theirs.toArray().reduce((most, v, i) => Math.max(most, Math.abs(v - (own[i] ?? Number.NaN))), 0);
    };
    return withThreads(c, () => {
      const stats: Stats = { ...batchStats(x), ofBatch: true };
      const centre = Float32Array.from({ length: channels * 9 }, (_, i) => (i % 9 === 4 ? 1 : 0));
      const identity = Float32Array.from({ length: channels ** 2 }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
      const weights = {
        depthwise: tensor(centre, { shape: [channels, 1, 3, 3] }),
        pointwise: tensor(identity, { shape: [channels, channels, 1, 1] }),
      };
      return {
        'invstd at 1000': invstd,
        'node_sum at 1000': far(nodeSum([x], { stats: [stats], weights: tensor([1]), ofBatch: true }), exact),
        'sep_half at 1000': far(sepHalf(x, { stats, ...weights }), relu(exact)),
      };
    });
  });
};

export const sepKinds = (c: SepCase, specials: readonly Special[]): Errors =>
  compareKinds(sepTwins({ ...c, wanted: ['x'] }, specials), c);
export const nodeKinds = (c: NodeCase, specials: readonly Special[]): Errors =>
  compareKinds(nodeTwins({ ...c, terms: c.terms.map((t) => ({ ...t, wanted: true })) }, specials), c);
export const poolKinds = (c: PoolCase, specials: readonly Special[]): Errors => compareKinds(poolTwins(c, specials), c);
