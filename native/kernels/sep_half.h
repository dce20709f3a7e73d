// ReLU, depthwise convolution, 1×1 convolution, as plain pointers and sizes. All images are [n][h][w][c].
#pragma once

#include <cstdint>

namespace tailnas::kernels {

struct SepHalfShape {
  int64_t channels, height, width;  // of the input
  int64_t outputs;                  // channels of the output
  int64_t kernel, stride, dilation;

  int64_t padding() const { return dilation * (kernel - 1) / 2; }
  int64_t taps() const { return kernel * kernel; }
  int64_t out_height() const { return (height - 1) / stride + 1; }
  int64_t out_width() const { return (width - 1) / stride + 1; }
};

/// What the input is normalised with; all null if it is not. gamma and beta may be null by themselves: 1 and 0.
struct SepHalfNorm {
  const float *mean, *invstd, *gamma, *beta;  // [c]
};

/// The input and the weights, these as `pack` has laid them out.
struct SepHalfInput {
  SepHalfShape shape;
  bool normalised;
  const float* x;
  const float* packed;
};

/// Work on one image: some rows of the output, and the rows of the input whose gradients go with them.
struct SepHalfBlock {
  int64_t image;
  int64_t out_first, out_end;  // rows of the output
  int64_t in_first, in_end;    // rows of the input
};

/// Blocks first … end − 1 of a batch in which every image is cut into `parts` blocks of about equal height.
struct SepHalfRun {
  int64_t first, end, parts;

  SepHalfBlock block(const SepHalfShape& s, int64_t index) const {
    const int64_t part = index % parts;
    return {index / parts, s.out_height() * part / parts, s.out_height() * (part + 1) / parts, s.height * part / parts,
            s.height * (part + 1) / parts};
  }
};

/// Sums over all blocks that one thread has gone through. Null where they are not asked for.
struct SepHalfSums {
  double *g, *g_xhat;  // [c] of the gradient of the normalised input; and of that times (x − mean) · invstd. Both, or neither
  float* depthwise;    // [c padded to whole vectors][k·k], vector by vector: [vectors of c][k·k][width]
  float* pointwise;    // [d][c padded]
};

/// What dx lacks because the statistics depend on x: dx −= offset + (x − mean) · slope.
struct SepHalfCorrection {
  const float *mean, *offset, *slope;  // [c]
};

/// `packed`, `scratch` and all sums start at a multiple of 64 bytes.
struct SepHalfKernels {
  int width;  // floats in a vector
  int64_t (*packed_floats)(const SepHalfShape&);
  int64_t (*forward_scratch)(const SepHalfShape&);
  int64_t (*backward_scratch)(const SepHalfShape&);
  void (*pack)(const SepHalfShape&, const SepHalfNorm&, const float* depthwise, const float* pointwise, float* packed);
  void (*forward)(const SepHalfInput&, const SepHalfRun&, float* y, float* scratch);
  /// Adds to the sums; writes the rows of dx that belong to the run, if it is not null, without the correction.
  void (*backward)(const SepHalfInput&, const SepHalfRun&, const float* dy, float* dx, const SepHalfSums&, float* scratch);
  void (*correct)(const SepHalfCorrection&, int64_t pixels, int64_t channels, const float* x, float* dx);
};

}  // namespace tailnas::kernels
