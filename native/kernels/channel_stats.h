// What the kernels of channel_stats take, and their table.
#pragma once

#include <cstdint>

namespace tailnas::kernels {

struct ChannelStatsKernels {
  int width;  // floats in a vector

  /// Adds Σx and Σx² of every lane (see channel_stats_lanes.h) to the doubles at `sums` and `squares`. x begins with lane 0.
  void (*add_sums)(const float* x, int64_t floats, int64_t period, double* sums, double* squares);
};

}  // namespace tailnas::kernels
