// How kernels that work channel by channel view a tensor, and how threads share it. Includes no torch header.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "exact_memory.h"

namespace tailnas::kernels {

/// A channels-last tensor as one flat row of floats. A vector may cross the end of a pixel. After lcm(C, W) floats vectors and
/// channels align again, so values of a channel are kept once for every float ("lane") of that period.
///
///     pixel    0      1      2      3      4 …
///     channel  0 1 2  0 1 2  0 1 2  0 1 2  0 1 2        C = 3 channels
///     vector   0 0 0  0 1 1  1 1 2  2 2 2  3 3 3        W = 4 floats
///     lane     0 1 2  3 4 5  6 7 8  9 … 11 0 1 2        period 12
struct Lanes {
  int64_t channels;
  int64_t period;
  int64_t floats;  // of the whole tensor
  int64_t chunks;  // parts that are worked on in parallel; each keeps its sums, which are added in order
  int64_t chunk;   // floats of each part but the last: whole periods

  int64_t begin(int64_t part) const { return part * chunk; }
  int64_t size(int64_t part) const { return part + 1 < chunks ? chunk : floats - begin(part); }
};

inline Lanes lanes_of(int64_t pixels, int64_t channels, int width, int threads) {
  constexpr int64_t least = 16 << 10;  // floats; less is not worth a thread
  const int64_t period = std::lcm(channels, static_cast<int64_t>(width)), floats = pixels * channels;
  const auto parts = [](int64_t n, int64_t size) { return (n + size - 1) / size; };
  const int64_t wanted = std::max<int64_t>(1, std::min<int64_t>(threads, floats / least));
  const int64_t chunk = parts(parts(floats, wanted), period) * period;
  return {channels, period, floats, parts(floats, chunk), chunk};
}

/// One value per channel → one value per lane.
inline void to_lanes(const float* values, const Lanes& lanes, float* out) {
  for (int64_t lane = 0, c = 0; lane < lanes.period; lane++) {
    out[lane] = values[c];
    if (++c == lanes.channels) c = 0;
  }
}

/// Adds a period of sums to the sums of the channels.
inline void add_lanes(const double* sums, const Lanes& lanes, double* channels) {
  for (int64_t lane = 0, c = 0; lane < lanes.period; lane++) {
    channels[c] += sums[lane];
    if (++c == lanes.channels) c = 0;
  }
}

/// Whether a tensor is so large that it is written past the caches: little of it would still be there when it is read. It starts where a
/// vector may.
inline bool is_streamed(const float* data, int64_t floats) { return floats >= 1 << 20 && reinterpret_cast<uintptr_t>(data) % 64 == 0; }

/// Memory that is kept between calls, one per calling thread.
template <typename T>
class Kept {
 public:
  T* of(int64_t count) {
    if (kExactMemory) std::vector<T>(count).swap(items_);
    if (static_cast<int64_t>(items_.size()) < count) items_.resize(count);
    return items_.data();
  }
  T* zeros(int64_t count) {
    T* items = of(count);
    std::fill(items, items + count, T{});
    return items;
  }

 private:
  std::vector<T> items_;
};

}  // namespace tailnas::kernels
