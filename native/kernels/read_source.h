// Everything that reads a node's value, as plain pointers and sizes. All images are [n][h][w][c].
#pragma once

#include <cstdint>

namespace tailnas::kernels {

/// Some channels of the source, in their own memory: cells return their output in such parts.
struct SourcePart {
  const float* data;
  int64_t channels;
};

/// A node's value x, and its normalisation before the ReLU; all null if there is none. gamma and beta alone may be null: 1 and 0.
struct Source {
  int64_t channels, height, width;
  const SourcePart* parts;  // several only if the channels of each are whole vectors of any width
  int64_t part_count;
  const float *mean, *invstd, *gamma, *beta;  // [c]

  bool normalised() const { return mean != nullptr; }
  int64_t pixels() const { return height * width; }
};

/// ReLU, depthwise convolution, 1×1 convolution; without `depthwise` the kernel is 1 and the 1×1 convolution reads the ReLU itself. A dense
/// convolution has no depthwise one: each of its taps is a 1×1 convolution of the ReLU.
struct Convolution {
  int64_t kernel, stride, dilation;
  int64_t shift;    // how many pixels down and to the right of its place every output reads
  int64_t first;    // the first channel of the result that it writes
  int64_t outputs;  // how many it writes
  const float* depthwise;  // [c][k][k]
  const float* pointwise;  // [outputs][c], dense [outputs][c][k][k]
  bool dense;

  int64_t padding() const { return dilation * (kernel - 1) / 2; }
  int64_t taps() const { return kernel * kernel; }
  /// Whether an output reads more than one pixel.
  bool spatial() const { return depthwise || dense; }
  /// Products with the pixels that an output reads: one after a depthwise convolution.
  int64_t products() const { return dense ? taps() : 1; }
};

/// `relu`: its result is x itself, of which whoever reads it takes the ReLU.
enum class ReaderKind { convolution, max_pool, avg_pool, self, relu };

/// One operation on the source. A factorized reduction has two convolutions side by side, the second shifted.
struct Reader {
  ReaderKind kind;
  int64_t stride;
  int64_t channels;  // of the result
  Convolution parts[2];
  int64_t part_count;

  /// Whether its result is x's own memory.
  bool gives_x() const { return kind == ReaderKind::self || kind == ReaderKind::relu; }
  int64_t out_height(const Source& s) const { return (s.height - 1) / stride + 1; }
  int64_t out_width(const Source& s) const { return (s.width - 1) / stride + 1; }
  int64_t out_pixels(const Source& s) const { return out_height(s) * out_width(s); }
};

/// Where a reader's result goes.
struct ReaderResult {
  float* y;
  uint8_t* taps;   // max_pool: which of the window's nine pixels was taken; null if not needed
  int64_t period;  // lanes (lanes.h) of the result
  double *sums, *squares;  // [lane], of the calling thread: Σy and Σy² are added; null if not asked for
};

/// The gradient of one copy of a result, and what it must be multiplied with; null gains are 1.
struct LazyTerm {
  const float* g;
  const float* gain;  // [d]
};

/// The gradient of a reader's result: Σ gain·g of its copies, less offset + slope·(y − mean) where its statistics depend on it.
struct ReaderGradient {
  const LazyTerm* terms;
  int64_t count;  // 0: this reader has no gradient
  const float *y, *mean, *offset, *slope;  // y and slope null together: there are no statistics
  const uint8_t* taps;
  float *depthwise[2], *pointwise[2];  // of the calling thread, added to: [vectors of c][k·k][width], [products][outputs][c padded]; null if not asked for
};

/// The gradient of the source.
struct SourceGradient {
  float* const* parts;  // null: not requested. For a normalised source, the gradient of the normalised value, before gain and statistics are applied
  double *g, *g_x;      // [c], of the calling thread, added to: Σ g and Σ g·(x − mean) of the normalised value's gradient g; null if not asked for
  bool stream;          // whether parts are written past the caches
};

struct ImageRange {
  int64_t begin, end;
};

/// All readers of a source. `packed`, `scratch` and all sums of weights start at a multiple of 64 bytes.
struct ReadSource {
  Source source;
  const Reader* readers;
  int64_t count;
  const float* packed;  // as `pack` has filled it
};

struct ReadSourceKernels {
  int width;  // floats in a vector
  int64_t (*packed_floats)(const ReadSource&);
  int64_t (*forward_scratch)(const ReadSource&);
  int64_t (*backward_scratch)(const ReadSource&);
  void (*pack)(const ReadSource&, float* packed);
  void (*forward)(const ReadSource&, const ReaderResult* results, ImageRange, float* scratch);
  void (*backward)(const ReadSource&, const ReaderGradient* gradients, const SourceGradient&, ImageRange, float* scratch);
};

}  // namespace tailnas::kernels
