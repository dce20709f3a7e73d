// 1×1 convolution: a product of a matrix of pixels with a small matrix of weights, and the gradient of the weights.
#pragma once

#include "groups.h"

/// Channel c of pixel p is at data[c / kWidth · group + p · pixel + c % kWidth]: describes both a tensor [p][channels] (pixel = channels,
/// group = kWidth) and a plane or a tile, where all pixels of one vector of channels lie together.
template <typename Float>
struct Pixels {
  Float* data;
  int64_t pixel, group;
};

/// P pixels × V vectors of output channels: every weight loaded serves P pixels, every input serves V vectors. STEP is in.pixel where it is
/// known when this is compiled, else 0: known, all P pixels are reached from one address.
template <int P, int V, int STEP>
TAILNAS_INLINE void product_tile(const Pixels<const float> in, int64_t inputs, const float* weights, int64_t weight_step,
                                 Vec (&acc)[P][V]) {
  const int64_t pixel = STEP > 0 ? STEP : in.pixel;
  for (int64_t c = 0; c < inputs; c += kWidth) {
    const float* group = in.data + c / kWidth * in.group;
    const int lanes = lanes_at(inputs, c);
#pragma GCC unroll 4
    for (int lane = 0; lane < lanes; lane++, weights += weight_step) {
      Vec weight[V];
#pragma GCC unroll 16
      for (int v = 0; v < V; v++) weight[v] = load(weights + v * kWidth);
#pragma GCC unroll 16
      for (int p = 0; p < P; p++) {
        const Vec input = splat(group[p * pixel + lane]);
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) acc[p][v] = fma(input, weight[v], acc[p][v]);
      }
    }
  }
}

/// Pixels in a tile of the product, and rows in one of its gradient; twice as many where only one vector wide, as many sums again.
template <int V>
constexpr int kProductTile = (kWidth == 16 ? 8 : 4) * (V == 1 ? 2 : 1);

/// Calls f<P>(first) for tiles of n pixels. AVX2 has registers for 6 × 2 sums, and needs more than 4 × 2 to be always busy.
template <int V, typename F>
TAILNAS_INLINE void in_product_tiles(int64_t n, const F& f) {
  if constexpr (kWidth == 8 && V == 2) in_groups<6>(n, f);
  else in_tiles<kProductTile<V>>(n, f);
}

/// Sums of P pixels × V vectors, from and to where the results are: vectors `first` and on of `outputs` channels.
template <int P, int V>
TAILNAS_INLINE void load_tile(const Pixels<float> out, int64_t first, int64_t outputs, Vec (&acc)[P][V]) {
#pragma GCC unroll 16
  for (int v = 0; v < V; v++)
#pragma GCC unroll 16
    for (int p = 0; p < P; p++)
      acc[p][v] = load_some(out.data + (first + v) * out.group + p * out.pixel, lanes_at(outputs, (first + v) * kWidth));
}
template <int P, int V>
TAILNAS_INLINE void store_tile(const Pixels<float> out, int64_t first, int64_t outputs, const Vec (&acc)[P][V]) {
#pragma GCC unroll 16
  for (int v = 0; v < V; v++) {
    const int lanes = lanes_at(outputs, (first + v) * kWidth);
    float* to = out.data + (first + v) * out.group;
#pragma GCC unroll 16
    for (int p = 0; p < P; p++) store_some(to + p * out.pixel, lanes, acc[p][v]);
  }
}

template <int STEP>
inline void product_by(const Pixels<const float> in, int64_t inputs, const float* weights, int64_t n, const Pixels<float> out,
                       int64_t outputs) {
  const int64_t weight_step = padded(outputs);
  in_tiles<2>(vectors_of(outputs), [=]<int V>(int64_t first) {
    in_product_tiles<V>(n, [=]<int P>(int64_t at) {
      Vec acc[P][V] = {};
      product_tile<P, V, STEP>({in.data + at * in.pixel, in.pixel, in.group}, inputs, weights + first * kWidth, weight_step, acc);
      store_tile({out.data + at * out.pixel, out.pixel, out.group}, first, outputs, acc);
    });
  });
}

/// The pixels that a dense convolution reads: tap k of pixel p at offsets[k] from where p itself is.
struct DenseTaps {
  const int64_t* offsets;
  int64_t count;
  const float* weights;  // [tap][inputs][outputs padded]
};

/// Rows of n pixels each, `step` floats from one to the next.
struct PixelRows {
  int64_t rows, n, step;
};

/// Floats of weights that a dense product reads again and again: they stay in the first-level cache together with their inputs.
constexpr int64_t kDenseWeights = 4608;

/// out[p][·] = Σ_k Σ_c in[p + tap k][c] · weights[k][c][·] over all pixels of all rows, or added to what is there. The sums stay in registers over
/// all taps; channels are taken in blocks whose weights all rows share.
template <int STEP, bool ADD>
inline void dense_product(const DenseTaps& taps, const Pixels<const float> in, const PixelRows& at, int64_t inputs, const Pixels<float> out,
                          int64_t out_step, int64_t outputs) {
  if (taps.count == 0) return;  // pixels that no output reads: with stride 2 and kernel 1, three of four
  const int64_t weight_step = padded(outputs);
  in_tiles<2>(vectors_of(outputs), [=]<int V>(int64_t first) {
    const int64_t block = max<int64_t>(1, kDenseWeights / (taps.count * V * kWidth * kWidth)) * kWidth;
    for (int64_t c = 0; c < inputs; c += block)
      for (int64_t r = 0; r < at.rows; r++)
        in_product_tiles<V>(at.n, [=]<int P>(int64_t p) {
          const Pixels<float> to = {out.data + r * out_step + p * out.pixel, out.pixel, out.group};
          const float* from = in.data + r * at.step + p * in.pixel + c / kWidth * in.group;
          Vec acc[P][V] = {};
          if (ADD || c > 0) load_tile(to, first, outputs, acc);
          for (int64_t k = 0; k < taps.count; k++)
            product_tile<P, V, STEP>({from + taps.offsets[k], in.pixel, in.group}, min(block, inputs - c),
                                     taps.weights + (k * inputs + c) * weight_step + first * kWidth, weight_step, acc);
          store_tile(to, first, outputs, acc);
        });
  });
}

/// out[p][·] = Σ_c in[p][c] · weights[c][·] for n pixels; the rows of `weights` are padded to whole vectors. Writes `outputs` channels.
inline void product(const Pixels<const float> in, int64_t inputs, const float* weights, int64_t n, const Pixels<float> out,
                    int64_t outputs) {
  if (in.pixel == kWidth) product_by<kWidth>(in, inputs, weights, n, out, outputs);
  else product_by<0>(in, inputs, weights, n, out, outputs);
}

/// sums[d][c] += Σ_p gradient[p][d] · in[p][c] over all pixels of all rows. gradient: [row][p][outputs]; in: the first row; the rows of `sums`
/// are whole vectors.
inline void product_gradient(const float* gradient, int64_t outputs, const Pixels<const float> in, const PixelRows& at, int64_t inputs,
                             float* sums) {
  const int64_t step = padded(inputs);
  in_tiles<2>(vectors_of(inputs), [=]<int V>(int64_t first) {
    in_product_tiles<V>(outputs, [=]<int D>(int64_t d) {
      float* to = sums + d * step + first * kWidth;
      Vec acc[D][V];
#pragma GCC unroll 16
      for (int i = 0; i < D; i++)
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) acc[i][v] = load(to + i * step + v * kWidth);
      const float* g = gradient + d;
      for (int64_t r = 0; r < at.rows; r++) {
        const float* from = in.data + r * at.step + first * in.group;
        for (int64_t p = 0; p < at.n; p++, from += in.pixel, g += outputs) {
          Vec input[V];
#pragma GCC unroll 16
          for (int v = 0; v < V; v++) input[v] = load(from + v * in.group);
#pragma GCC unroll 16
          for (int i = 0; i < D; i++)
#pragma GCC unroll 16
            for (int v = 0; v < V; v++) acc[i][v] = fma(splat(g[i]), input[v], acc[i][v]);
        }
      }
#pragma GCC unroll 16
      for (int i = 0; i < D; i++)
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) store(to + i * step + v * kWidth, acc[i][v]);
    });
  });
}
