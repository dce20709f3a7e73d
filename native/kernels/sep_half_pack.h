// The weights of sep_half in the order in which its loops read them, made once for a call.
#pragma once

namespace sep_half {

/// The gradient of the input gathers: the pixel in row i was read by tap ky of output row (i + padding − ky · dilation) / stride, where that
/// is whole. With stride 2 the taps differ between even and odd rows and columns:
///
///    class 0 1 0 1     stride 2, kernel 5: class 0 has 3 × 3 taps, 1 has 3 × 2, 2 has 2 × 3, 3 has 2 × 2
///          2 3 2 3     stride 1: one class with all taps
///          0 1 0 1
///
/// Calls visit(class, ky, kx, row, col), class by class; row and col say which pixel of the framed gradient the first pixel of that class
/// reads through the tap. The frame is `gradient_frame` wide on the left and at the top.
inline int64_t gradient_frame(const SepHalfShape& s) { return s.padding() / s.stride; }

template <typename Visit>
inline void visit_gather(const SepHalfShape& s, const Visit& visit) {
  const int64_t frame = gradient_frame(s);
  for (int64_t c = 0; c < s.stride * s.stride; c++) {
    for (int64_t ky = 0; ky < s.kernel; ky++) {
      const int64_t down = c / s.stride + s.padding() - ky * s.dilation;
      if (down % s.stride != 0) continue;
      for (int64_t kx = 0; kx < s.kernel; kx++) {
        const int64_t right = c % s.stride + s.padding() - kx * s.dilation;
        if (right % s.stride == 0) visit(c, ky, kx, frame + down / s.stride, frame + right / s.stride);
      }
    }
  }
}

struct Packed {
  NormVectors norm;
  float *depthwise, *gather;     // [vectors of c][k·k][kWidth]; `gather` in the order of visit_gather
  float *pointwise, *transposed;  // [c][d padded], [d][c padded]
};

inline Packed packed_in(const SepHalfShape& s, Arena& arena) {
  const int64_t channels = padded(s.channels), taps = s.taps() * channels;
  Packed p;
  p.norm = {arena.floats(channels), arena.floats(channels), arena.floats(channels), arena.floats(channels)};
  p.depthwise = arena.floats(taps);
  p.gather = arena.floats(taps);
  p.pointwise = arena.floats(s.channels * padded(s.outputs));
  p.transposed = arena.floats(s.outputs * channels);
  return p;
}

inline int64_t packed_floats(const SepHalfShape& s) {
  Arena arena{nullptr};
  packed_in(s, arena);
  return arena.used;
}

/// For reading what `pack` has filled.
inline Packed packed_of(const SepHalfInput& input) {
  Arena arena{const_cast<float*>(input.packed)};
  return packed_in(input.shape, arena);
}

inline void pack_norm(const SepHalfShape& s, const SepHalfNorm& from, const NormVectors& to) {
  for (int64_t c = 0; c < padded(s.channels); c++) {
    const bool real = c < s.channels && from.mean != nullptr;
    to.mean[c] = real ? from.mean[c] : 0.0f;
    to.invstd[c] = real ? from.invstd[c] : 1.0f;
    to.scale[c] = real && from.gamma ? from.invstd[c] * from.gamma[c] : to.invstd[c];
    to.beta[c] = real && from.beta ? from.beta[c] : 0.0f;
  }
}

inline void pack(const SepHalfShape& s, const SepHalfNorm& norm, const float* depthwise, const float* pointwise, float* packed) {
  clear(packed, packed_floats(s));  // the lanes past the last channel
  Arena arena{packed};
  const Packed to = packed_in(s, arena);
  pack_norm(s, norm, to.norm);
  for (int64_t c = 0; c < s.channels; c++) {
    const int64_t place = c / kWidth * s.taps() * kWidth + c % kWidth;
    const float* weights = depthwise + c * s.taps();
    for (int64_t k = 0; k < s.taps(); k++) to.depthwise[place + k * kWidth] = weights[k];
    float* next = to.gather + place;
    visit_gather(s, [&](int64_t, int64_t ky, int64_t kx, int64_t, int64_t) {
      *next = weights[ky * s.kernel + kx];
      next += kWidth;
    });
  }
  for (int64_t d = 0; d < s.outputs; d++) {
    for (int64_t c = 0; c < s.channels; c++) {
      const float weight = pointwise[d * s.channels + c];
      to.pointwise[c * padded(s.outputs) + d] = weight;
      to.transposed[d * padded(s.channels) + c] = weight;
    }
  }
}

}  // namespace sep_half
