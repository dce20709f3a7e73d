// The weights of all readers in the order in which their loops read them, packed once per call.
#pragma once

namespace read_source {

/// The gradient of the input gathers: the pixel in row i was read by tap ky of output row (i + padding − ky · dilation) / stride, where that
/// is whole. With stride 2 the taps differ between even and odd rows and columns:
///
///    class 0 1 0 1     stride 2, kernel 5: class 0 has 3 × 3 taps, 1 has 3 × 2, 2 has 2 × 3, 3 has 2 × 2
///          2 3 2 3     stride 1: one class with all taps
///          0 1 0 1
///
/// Calls visit(class, ky, kx, row, col), class by class and each row of taps from left to right, as a window slides; row and col say which pixel of the gradient the first pixel of that class reads through
/// the tap, frame not counted.
template <typename Visit>
inline void visit_gather(const Convolution& c, const Visit& visit) {
  for (int64_t k = 0; k < c.stride * c.stride; k++) {
    for (int64_t ky = 0; ky < c.kernel; ky++) {
      const int64_t down = k / c.stride + c.padding() - ky * c.dilation;
      if (down % c.stride != 0) continue;
      for (int64_t kx = c.kernel - 1; kx >= 0; kx--) {
        const int64_t right = k % c.stride + c.padding() - kx * c.dilation;
        if (right % c.stride == 0) visit(k, ky, kx, down / c.stride, right / c.stride);
      }
    }
  }
}

struct PackedConvolution {
  float *depthwise, *gather;      // [vectors of c][k·k][kWidth]; `gather` in the order of visit_gather; null without a depthwise convolution
  float *pointwise, *transposed;  // [products][c][outputs padded], [products][outputs][c padded], the latter in the order of visit_gather
};

inline PackedConvolution packed_in(const Source& s, const Convolution& c, Arena& arena) {
  const int64_t channels = padded(s.channels), taps = c.taps() * channels;
  PackedConvolution p = {};
  if (c.depthwise) p.depthwise = arena.floats(taps), p.gather = arena.floats(taps);
  p.pointwise = arena.floats(c.products() * s.channels * padded(c.outputs));
  p.transposed = arena.floats(c.products() * c.outputs * channels);
  return p;
}

inline NormVectors norm_in(const Source& s, Arena& arena) {
  const int64_t channels = padded(s.channels);
  return {arena.floats(channels), arena.floats(channels), arena.floats(channels)};
}

/// Calls visit(reader, part, convolution) for all convolutions of all readers.
template <typename Visit>
inline void each_convolution(const ReadSource& all, const Visit& visit) {
  for (int64_t r = 0; r < all.count; r++)
    for (int64_t p = 0; p < all.readers[r].part_count; p++) visit(r, p, all.readers[r].parts[p]);
}

inline int64_t packed_floats(const ReadSource& all) {
  Arena arena{nullptr};
  norm_in(all.source, arena);
  each_convolution(all, [&](int64_t, int64_t, const Convolution& c) { packed_in(all.source, c, arena); });
  return arena.used;
}

inline void pack_norm(const Source& s, const NormVectors& to) {
  for (int64_t c = 0; c < padded(s.channels); c++) {
    const bool real = c < s.channels && s.normalised();
    to.mean[c] = real ? s.mean[c] : 0.0f;
    to.scale[c] = real ? s.invstd[c] * (s.gamma ? s.gamma[c] : 1.0f) : 1.0f;
    to.beta[c] = real && s.beta ? s.beta[c] : 0.0f;
  }
}

inline void pack_convolution(const Source& s, const Convolution& conv, const PackedConvolution& to) {
  for (int64_t c = 0; c < s.channels && conv.depthwise; c++) {
    const int64_t place = c / kWidth * conv.taps() * kWidth + c % kWidth;
    const float* weights = conv.depthwise + c * conv.taps();
    for (int64_t k = 0; k < conv.taps(); k++) to.depthwise[place + k * kWidth] = weights[k];
    float* next = to.gather + place;
    visit_gather(conv, [&](int64_t, int64_t ky, int64_t kx, int64_t, int64_t) {
      *next = weights[ky * conv.kernel + kx];
      next += kWidth;
    });
  }
  const int64_t products = conv.products();
  int64_t place = 0;
  const auto transpose = [&](int64_t k) {
    for (int64_t d = 0; d < conv.outputs; d++)
      for (int64_t c = 0; c < s.channels; c++)
        to.transposed[(place * conv.outputs + d) * padded(s.channels) + c] = conv.pointwise[(d * s.channels + c) * products + k];
    place++;
  };
  for (int64_t d = 0; d < conv.outputs; d++)
    for (int64_t c = 0; c < s.channels; c++)
      for (int64_t k = 0; k < products; k++)
        to.pointwise[(k * s.channels + c) * padded(conv.outputs) + d] = conv.pointwise[(d * s.channels + c) * products + k];
  if (conv.dense) visit_gather(conv, [&](int64_t, int64_t ky, int64_t kx, int64_t, int64_t) { transpose(ky * conv.kernel + kx); });
  else transpose(0);
}

inline void pack(const ReadSource& all, float* packed) {
  clear(packed, packed_floats(all));  // the lanes past the last channel
  Arena arena{packed};
  pack_norm(all.source, norm_in(all.source, arena));
  each_convolution(all, [&](int64_t, int64_t, const Convolution& c) {
    pack_convolution(all.source, c, packed_in(all.source, c, arena));
  });
}

}  // namespace read_source
