// 1×1 convolution: a product of a matrix of pixels with a small matrix of weights, and the gradient of the weights.
#pragma once

#include "groups.h"

/// Channel c of pixel p is at data[c / kWidth · group + p · pixel + c % kWidth]: says both a tensor [p][channels] (pixel = channels,
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

template <int STEP>
inline void product_by(const Pixels<const float> in, int64_t inputs, const float* weights, int64_t n, const Pixels<float> out,
                       int64_t outputs) {
  const int64_t weight_step = padded(outputs);
  in_tiles<2>(vectors_of(outputs), [=]<int V>(int64_t first) {
    in_product_tiles<V>(n, [=]<int P>(int64_t at) {
      Vec acc[P][V] = {};
      product_tile<P, V, STEP>({in.data + at * in.pixel, in.pixel, in.group}, inputs, weights + first * kWidth, weight_step, acc);
#pragma GCC unroll 16
      for (int v = 0; v < V; v++) {
        const int lanes = lanes_at(outputs, (first + v) * kWidth);
        float* to = out.data + (first + v) * out.group + at * out.pixel;
#pragma GCC unroll 16
        for (int p = 0; p < P; p++) store_some(to + p * out.pixel, lanes, acc[p][v]);
      }
    });
  });
}

/// out[p][·] = Σ_c in[p][c] · weights[c][·] for n pixels; the rows of `weights` are padded to whole vectors. Writes `outputs` channels.
inline void product(const Pixels<const float> in, int64_t inputs, const float* weights, int64_t n, const Pixels<float> out,
                    int64_t outputs) {
  if (in.pixel == kWidth) product_by<kWidth>(in, inputs, weights, n, out, outputs);
  else product_by<0>(in, inputs, weights, n, out, outputs);
}

/// sums[d][c] += Σ_p gradient[p][d] · in[p][c] for n pixels. gradient: [p][outputs]; in: a tile; the rows of `sums` are whole vectors.
inline void product_gradient(const float* gradient, int64_t outputs, const Pixels<const float> in, int64_t inputs, int64_t n,
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
      const float* from = in.data + first * in.group;
      const float* g = gradient + d;
      for (int64_t p = 0; p < n; p++, from += in.pixel, g += outputs) {
        Vec input[V];
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) input[v] = load(from + v * in.group);
#pragma GCC unroll 16
        for (int i = 0; i < D; i++)
#pragma GCC unroll 16
          for (int v = 0; v < V; v++) acc[i][v] = fma(splat(g[i]), input[v], acc[i][v]);
      }
#pragma GCC unroll 16
      for (int i = 0; i < D; i++)
#pragma GCC unroll 16
        for (int v = 0; v < V; v++) store(to + i * step + v * kWidth, acc[i][v]);
    });
  });
}
