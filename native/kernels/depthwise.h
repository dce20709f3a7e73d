// Depthwise convolution of one vector of channels: a sum over taps, each a weight and a place in a plane.
#pragma once

/// `weights` has a vector for each tap; `offsets` says how many floats further than a pixel's first tap it reads. The list knows nothing of
/// kernel size and dilation, so it serves any of them, and the parts of a kernel that the gradient of a strided convolution needs.
struct Taps {
  const int64_t* offsets;
  const float* weights;
  int64_t count;
};

/// T pixels, STEP apart in the plane. The sums stay in registers over all taps.
template <int T, int STEP>
TAILNAS_INLINE void depthwise_tile(const Taps& taps, const float* from, float* to, int64_t to_step) {
  Vec acc[T] = {};
  for (int64_t k = 0; k < taps.count; k++) {
    const Vec weight = load(taps.weights + k * kWidth);
    const float* source = from + taps.offsets[k];
#pragma GCC unroll 16
    for (int t = 0; t < T; t++) acc[t] = fma(load(source + t * STEP * kWidth), weight, acc[t]);
  }
#pragma GCC unroll 16
  for (int t = 0; t < T; t++) store(to + t * to_step, acc[t]);
}

/// As many sums at once as leave registers for the weight and what it meets.
constexpr int kDepthwiseTile = kWidth == 16 ? 16 : 8;

/// n pixels of a row; results `to_step` floats apart.
template <int STEP>
inline void depthwise_row(const Taps& taps, int64_t n, const float* from, float* to, int64_t to_step) {
  in_tiles<kDepthwiseTile>(n, [&]<int T>(int64_t at) {
    depthwise_tile<T, STEP>(taps, from + at * STEP * kWidth, to + at * to_step, to_step);
  });
}

/// The rows of a gradient and of the plane that its taps read, for one vector of channels.
struct RowPair {
  const float* gradient;
  int64_t gradient_step;  // floats from a row to the next
  const float* plane;
  int64_t plane_step;
  int64_t rows, cols;  // of the gradient
};

/// Adds to the gradients of G taps: that of tap k is the sum over pixels of gradient · (what the tap read).
template <int G, int STEP>
inline void tap_gradients(const RowPair& pair, const int64_t* offsets, float* sums) {
  Vec acc[G];
#pragma GCC unroll 16
  for (int k = 0; k < G; k++) acc[k] = load(sums + k * kWidth);
  for (int64_t r = 0; r < pair.rows; r++) {
    const float* gradient = pair.gradient + r * pair.gradient_step;
    const float* source[G];
#pragma GCC unroll 16
    for (int k = 0; k < G; k++) source[k] = pair.plane + r * pair.plane_step + offsets[k];
    for (int64_t c = 0; c < pair.cols; c++) {
      const Vec g = load(gradient + c * kWidth);
#pragma GCC unroll 16
      for (int k = 0; k < G; k++) acc[k] = fma(g, load(source[k] + c * STEP * kWidth), acc[k]);
    }
  }
#pragma GCC unroll 16
  for (int k = 0; k < G; k++) store(sums + k * kWidth, acc[k]);
}

/// As many taps at once as there are registers for their sums and for their addresses.
constexpr int kTapGroup = 9;

template <int G, int STEP>
inline void tap_group(int64_t size, const RowPair& pair, const int64_t* offsets, float* sums) {
  if (size == G) return tap_gradients<G, STEP>(pair, offsets, sums);
  if constexpr (G > 1) tap_group<G - 1, STEP>(size, pair, offsets, sums);
}

/// All taps, in groups of nearly equal size: 25 as 9 + 8 + 8.
template <int STEP>
inline void depthwise_gradient(const RowPair& pair, const int64_t* offsets, int64_t taps, float* sums) {
  int64_t groups = (taps + kTapGroup - 1) / kTapGroup;
  for (int64_t first = 0; first < taps; groups--) {
    const int64_t size = (taps - first + groups - 1) / groups;
    tap_group<kTapGroup, STEP>(size, pair, offsets + first, sums + first * kWidth);
    first += size;
  }
}
