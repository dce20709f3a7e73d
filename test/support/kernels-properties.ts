import type { NormState } from '../../src/nn/index.js';
import { nodeSum, readSource } from '../../src/space/index.js';
import { channelsLast, scope, type Tensor, tensor } from '../../src/tensor/index.js';
import { type Case, count, EPSILON, moments, numbers, type ReadCase, type Special } from './kernels-cases.js';
import { inputsOf } from './kernels-inputs.js';
import { fusedOps, plainOps } from './kernels-plain.js';
import { programOf } from './kernels-program.js';
import { compareKinds, compareTwins, type Errors, withThreads } from './kernels-twins.js';

// How far the fused operations and their twins are apart in a case.

const twinsOf = (c: ReadCase) => ({
  fused: programOf(c, fusedOps),
  plain: programOf(c, plainOps()),
  held: programOf(c, plainOps({ held: true })),
});

export const readErrors = (c: ReadCase): Errors => compareTwins(inputsOf(c), twinsOf(c), c);

/** Where values that are not finite come out, in results and in gradients of images. */
export const readKinds = (c: ReadCase, specials: readonly Special[]): Errors =>
  compareKinds(inputsOf(c, specials), twinsOf(c), c);

/** A mean of 1000 deviations: what normalises by sums of float32 squares is far off there. */
export const offsetErrors = (c: Case): Errors =>
  scope(() => {
    const { seed, channels, images, height, width } = c;
    const shape = [images, channels, height, width];
    const values = numbers(seed, count(shape), { from: 1000 - Math.sqrt(3), to: 1000 + Math.sqrt(3) });
    const own = moments(values, c);
    const made = tensor(values, { shape });
    const x = c.rows ? made : channelsLast(made);
    const norm = (): NormState => ({
      runningMean: tensor(new Float32Array(channels)),
      runningVar: tensor(new Float32Array(channels).fill(1)),
      ofBatch: true,
      gamma: null,
      beta: null,
    });
    const one = (list: readonly Tensor[]): Tensor => {
      const [only] = list;
      if (only === undefined) throw new Error('there is no tensor');
      return only;
    };
    const pixels = height * width;
    const exact = Float64Array.from(values, (v, i) => {
      const { mean = 0, variance = 0 } = own[Math.floor(i / pixels) % channels] ?? {};
      return (v - mean) / Math.sqrt(variance + EPSILON);
    });
    const far = (ours: Tensor, theirs: Float64Array): number =>
      ours.toArray().reduce((most, v, i) => Math.max(most, Math.abs(v - (theirs[i] ?? Number.NaN))), 0);
    const centre = Float32Array.from({ length: channels * 9 }, (_, i) => (i % 9 === 4 ? 1 : 0));
    const identity = Float32Array.from({ length: channels ** 2 }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
    const pointwise = tensor(identity, { shape: [channels, channels, 1, 1] });
    const depthwise = tensor(centre, { shape: [channels, 1, 3, 3] });
    const half = { depthwise: { value: depthwise }, pointwise: { value: pointwise } };
    return withThreads(c, () => {
      const [[reading, other] = []] = readSource([x], [{ reads: { kind: 'self' }, norm: norm(), copies: 2 }]);
      if (reading === undefined || other === undefined) throw new Error('there is no reading');
      const after = readSource(
        [other.raw],
        [
          { reads: { kind: 'pointwise', weight: half.pointwise } },
          { reads: { kind: 'separable', ...half, stride: 1, dilation: 1 } },
        ],
        { after: { moments: other.moments, norm: norm() } },
      );
      const relus = exact.map((v) => Math.max(v, 0));
      const invstd = reading.moments.toArray().slice(2 * channels);
      return {
        'invstd at 1000': Math.max(
          ...own.map(({ variance }, k) => Math.abs((invstd[k] ?? Number.NaN) * Math.sqrt(variance + EPSILON) - 1)),
        ),
        'node_sum at 1000': far(nodeSum([reading], { weights: tensor([1]), ofBatch: true }), exact),
        'read_source at 1000': Math.max(...after.map((copies) => far(one(copies.map(({ raw }) => raw)), relus))),
      };
    });
  });
