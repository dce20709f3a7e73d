// Depthwise convolution of one vector of channels: a sum over taps, each a weight and a place in a plane.
#pragma once

#include "taps.h"
#include "tap_gradients.h"

/// Rows of pixels, and where their sums go.
struct DepthwiseRows {
  int64_t rows, cols;
  const float* from;  // first tap of the first pixel
  int64_t from_row;   // floats from a row to the next
  float* to;
  int64_t to_row, to_pixel;
};

/// T sums begin with 0, or with what is there if they are to ADD to it.
template <int T, bool ADD>
TAILNAS_INLINE void start(Vec (&acc)[T], const float* to, int64_t to_step) {
#pragma GCC unroll 16
  for (int t = 0; t < T; t++) acc[t] = ADD ? load(to + t * to_step) : zero();
}

/// T pixels, STEP vectors apart in the plane. The sums stay in registers over all taps.
template <int T, int STEP, bool ADD>
TAILNAS_INLINE void depthwise_tile(const Taps& taps, const float* from, float* to, int64_t to_step) {
  Vec acc[T];
  start<T, ADD>(acc, to, to_step);
  for (int64_t k = 0; k < taps.count; k++) {
    const Vec weight = load(taps.weights + k * kWidth);
    const float* source = from + taps.offsets[k];
#pragma GCC unroll 16
    for (int t = 0; t < T; t++) acc[t] = fma(load(source + t * STEP * kWidth), weight, acc[t]);
  }
#pragma GCC unroll 16
  for (int t = 0; t < T; t++) store(to + t * to_step, acc[t]);
}

/// The same for taps in rows of K: the weights of a row stay in registers too.
template <int T, int K, int APART, int STEP, bool ADD>
TAILNAS_INLINE void window_tile(const Taps& taps, const float* from, float* to, int64_t to_step) {
  using Reads = Window<T, K, APART, STEP>;
  Vec acc[T];
  start<T, ADD>(acc, to, to_step);
  for (int64_t first = 0; first < taps.count; first += K) {
    const float* source = from + taps.offsets[first];
    Vec weight[K];
#pragma GCC unroll 16
    for (int k = 0; k < K; k++) weight[k] = load_once(taps.weights + (first + k) * kWidth);
#pragma GCC unroll 64
    for (int i = 0; i < Reads::size; i++) {
      if (!Reads::read(i)) continue;
      const Vec x = load_once(source + i * kWidth);
#pragma GCC unroll 16
      for (int k = 0; k < K; k++) {
        const int t = Reads::pixel(i, k);
        if (t >= 0) acc[t] = fma(x, weight[k], acc[t]);
      }
    }
  }
#pragma GCC unroll 16
  for (int t = 0; t < T; t++) store(to + t * to_step, acc[t]);
}

/// As many sums at once as leave registers for the weights and their inputs.
constexpr int kDepthwiseTile = kWidth == 16 ? 16 : 8;

template <int STEP, bool ADD>
inline void depthwise_rows(const Taps& taps, const DepthwiseRows& at) {
  const auto for_tiles = [&](const auto& tile) {
    for (int64_t r = 0; r < at.rows; r++) {
      const float* from = at.from + r * at.from_row;
      float* to = at.to + r * at.to_row;
      in_tiles<kDepthwiseTile>(at.cols, [&]<int T>(int64_t c) {
        tile.template operator()<T>(from + c * STEP * kWidth, to + c * at.to_pixel);
      });
    }
  };
  const bool usual = with_window<2, 3, 5, 7>(rows_of(taps.offsets, taps.count), [&]<int K, int APART>() {
    for_tiles([&]<int T>(const float* from, float* to) { window_tile<T, K, APART, STEP, ADD>(taps, from, to, at.to_pixel); });
  });
  if (!usual) for_tiles([&]<int T>(const float* from, float* to) { depthwise_tile<T, STEP, ADD>(taps, from, to, at.to_pixel); });
}
