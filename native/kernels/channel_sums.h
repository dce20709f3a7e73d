// Sums of a tensor and of its squares, separately for each lane of its period (lanes.h defines a lane).
namespace channel_sums {

constexpr int64_t kBlock = 4096;  // floats that are read twice: they stay in the first-level cache

typedef double Doubles __attribute__((vector_size(8 * TAILNAS_WIDTH), aligned(8), may_alias));

/// A column of `n` vectors, `period` floats apart. Squares lose all their digits where the mean is large compared with the deviation. So
/// they are taken about the column's own mean m, in float32, and combined in double: Σx² = Σ(x−m)² + 2m·Σ(x−m) + n·m².
inline void add_column(const float* x, int64_t n, int64_t period, double* sums, double* squares) {
  Vec total[4] = {};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int u = 0; u < 4; u++) total[u] += load_loose(x + (i + u) * period);
  for (; i < n; i++) total[0] += load_loose(x + i * period);
  const Vec mean = ((total[0] + total[1]) + (total[2] + total[3])) / static_cast<float>(n);
  // About 0 where it is infinite or NaN: the sums then come out infinite or NaN as they should.
  const Vec m = mean - mean == 0.0f ? mean : zero();

  // This pass reads the cache, so memory is free to load the next block.
  const float* ahead = x + max<int64_t>(1, kBlock / period) * period;
  Vec first[2] = {}, second[2] = {};
  for (i = 0; i + 2 <= n; i += 2)
    for (int u = 0; u < 2; u++) {
      __builtin_prefetch(ahead + (i + u) * period);
      const Vec d = load_loose(x + (i + u) * period) - m;
      first[u] += d;
      second[u] = fma(d, d, second[u]);
    }
  for (; i < n; i++) {
    const Vec d = load_loose(x + i * period) - m;
    first[0] += d;
    second[0] = fma(d, d, second[0]);
  }

  const auto about = __builtin_convertvector(m, Doubles);
  const auto d = __builtin_convertvector(first[0], Doubles) + __builtin_convertvector(first[1], Doubles);
  const auto squared = __builtin_convertvector(second[0], Doubles) + __builtin_convertvector(second[1], Doubles);
  const double count = static_cast<double>(n);
  *reinterpret_cast<Doubles*>(sums) += count * about + d;
  *reinterpret_cast<Doubles*>(squares) += squared + about * (2.0 * d + count * about);
}

inline void add_sums(const float* x, int64_t floats, int64_t period, double* sums, double* squares) {
  const int64_t rows = floats / period, rows_at_once = max<int64_t>(1, kBlock / period);
  for (int64_t row = 0; row < rows; row += rows_at_once) {
    const int64_t n = min(rows_at_once, rows - row);
    for (int64_t lane = 0; lane < period; lane += kWidth)
      add_column(x + row * period + lane, n, period, sums + lane, squares + lane);
  }
  for (int64_t i = rows * period, lane = 0; i < floats; i++, lane++) {
    sums[lane] += x[i];
    squares[lane] += static_cast<double>(x[i]) * x[i];
  }
}

}  // namespace channel_sums
