// What the kernels of node_sum take, and their table. All arrays that belong to a term are flat rows of floats that begin with lane 0, or hold
// one value a lane (channel_stats_lanes.h says what a lane is).
#pragma once

#include <cstdint>

namespace tailnas::kernels {

/// A summand, scale·(raw − mean). A raw tensor without statistics has mean 0.
struct NodeTerm {
  const float* raw;
  const float *mean, *scale;  // [lane]
};

/// What the gradient g of the sum becomes at a raw tensor: scale·g, less offset + slope·(raw − mean) where its statistics depend on it.
struct NodeGradient {
  const float* raw;                            // null: scale·g is all
  const float *mean, *scale, *offset, *slope;  // [lane]
  float* out;
};

/// Part of the row: `floats` of it from `begin` on, which is a multiple of `period`.
struct NodeRange {
  int64_t begin, floats, period;
};

struct NodeSumKernels {
  int width;  // floats in a vector
  /// y = Σ of the terms
  void (*add_up)(const NodeTerm* terms, int64_t count, NodeRange, float* y);
  /// Adds Σ g of every lane to sums[0 … period), and Σ g·(raw − mean) of term k to sums[(k + 1)·period …).
  void (*dots)(const NodeTerm* terms, int64_t count, NodeRange, const float* g, double* sums);
  /// Writes all gradients.
  void (*gradients)(const NodeGradient* gradients, int64_t count, NodeRange, const float* g);
};

}  // namespace tailnas::kernels
