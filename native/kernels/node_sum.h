// The arguments of node_sum's kernels, and their table. Arrays of a term are flat rows of floats that begin with lane 0, or hold one value
// per lane (lanes.h defines a lane).
#pragma once

#include <cstdint>

namespace tailnas::kernels {

/// A summand, scale·(max(raw, least) − mean). A raw tensor without statistics has mean 0.
struct NodeTerm {
  const float* raw;
  const float *mean, *scale;  // [lane]
  float least;                // −∞, or 0 for a ReLU
};

/// Part of the row: `floats` of it from `begin` on, which is a multiple of `period`.
struct NodeRange {
  int64_t begin, floats, period;
};

struct NodeSumKernels {
  int width;  // floats in a vector
  /// y = base + Σ of the terms. base: [lane]. If `stream`, y is written past the caches.
  void (*add_up)(const NodeTerm* terms, int64_t count, NodeRange, const float* base, float* y, bool stream);
  /// Adds Σ g of every lane to sums[0 … period), and Σ g·(max(raw, least) − mean) of term k to sums[(k + 1)·period …).
  void (*dots)(const NodeTerm* terms, int64_t count, NodeRange, const float* g, double* sums);
};

}  // namespace tailnas::kernels
