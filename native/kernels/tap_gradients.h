// Gradient of the weights of a depthwise convolution, for one vector of channels: that of a tap is the sum over pixels of
// gradient · (what the tap read).
#pragma once

#include "groups.h"
#include "taps.h"

/// The rows of a gradient and of the plane that its taps read, for one vector of channels.
struct RowPair {
  const float* gradient;
  int64_t gradient_step;  // floats from a row to the next
  const float* plane;
  int64_t plane_step;
  int64_t rows, cols;  // of the gradient
};

/// Adds to the gradients of G taps.
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

/// So many pixels at once, and so many taps as registers remain for their sums.
constexpr int kWindowPixels = 4;
constexpr int kWindowTaps = kWidth == 16 ? 15 : 10;

/// T pixels of a row, for R rows of K taps each. `source` says where the first tap of each row reads.
template <int T, int R, int K, int APART, int STEP>
TAILNAS_INLINE void window_gradient(const float* gradient, const float* const (&source)[R], int64_t at, Vec (&acc)[R][K]) {
  using Reads = Window<T, K, APART, STEP>;
  Vec g[T];
#pragma GCC unroll 16
  for (int t = 0; t < T; t++) g[t] = load_once(gradient + (at + t) * kWidth);
#pragma GCC unroll 64
  for (int i = 0; i < Reads::size; i++) {
    if (!Reads::read(i)) continue;
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      const Vec x = load_once(source[r] + (at * STEP + i) * kWidth);
#pragma GCC unroll 16
      for (int k = 0; k < K; k++) {
        const int t = Reads::pixel(i, k);
        if (t >= 0) acc[r][k] = fma(g[t], x, acc[r][k]);
      }
    }
  }
}

/// The same as tap_gradients for R rows of K taps: several pixels at a time, so that a loaded value serves several taps.
template <int R, int K, int APART, int STEP>
inline void window_gradients(const RowPair& pair, const int64_t* offsets, float* sums) {
  Vec acc[R][K];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 16
    for (int k = 0; k < K; k++) acc[r][k] = load(sums + (r * K + k) * kWidth);
  for (int64_t row = 0; row < pair.rows; row++) {
    const float* gradient = pair.gradient + row * pair.gradient_step;
    const float* source[R];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) source[r] = pair.plane + row * pair.plane_step + offsets[r * K];
    int64_t c = 0;
    for (; c + kWindowPixels <= pair.cols; c += kWindowPixels)
      window_gradient<kWindowPixels, R, K, APART, STEP>(gradient, source, c, acc);
    for (; c < pair.cols; c++) window_gradient<1, R, K, APART, STEP>(gradient, source, c, acc);
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
#pragma GCC unroll 16
    for (int k = 0; k < K; k++) store(sums + (r * K + k) * kWidth, acc[r][k]);
}

/// As many taps at once as there are registers for their sums and for their addresses.
constexpr int kTapGroup = 9;

/// Adds to the gradients of all taps.
template <int STEP>
inline void depthwise_gradient(const RowPair& pair, const int64_t* offsets, int64_t taps, float* sums) {
  const bool usual = with_window<3, 5, 7>(rows_of(offsets, taps), [&]<int K, int APART>() {
    in_groups<min(K, kWindowTaps / K)>(taps / K, [&]<int R>(int64_t first) {
      window_gradients<R, K, APART, STEP>(pair, offsets + first * K, sums + first * K * kWidth);
    });
  });
  if (usual) return;
  in_groups<kTapGroup>(taps, [&]<int G>(int64_t first) { tap_gradients<G, STEP>(pair, offsets + first, sums + first * kWidth); });
}
