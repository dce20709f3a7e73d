// A node's weighted sum of normalised tensors, and the dot products of its backward pass.
//
// Memory limits the speed: every tensor is read once per pass. Blocks of the row are processed in turn, and in a block four terms at a time.
// So there are few streams of memory at once, and what all terms share (y, or its gradient g) stays in the first-level cache.
//
//     row    |<- block ->|<- block ->| …         a block: rows_at_once periods below each other; a column of it is one vector wide,
//     term 0  ----1------ -----3-----            so that the constants of its channels stay in registers
//     …      |           |
//     term 4  ----2------ -----4-----
namespace node_sum {

constexpr int64_t kBlock = 1024;  // floats: a page
/// Hardware prefetching stops at the end of a page, and every stream leaves its page with every block. So each block prefetches the next.
constexpr int64_t kAhead = kBlock;

typedef double Doubles __attribute__((vector_size(8 * TAILNAS_WIDTH), aligned(8), may_alias));

struct Block {
  int64_t begin, rows, period;
};

/// Calls f(block) for the whole periods of a range, then tail(i, lane) for each float that is left.
template <typename F, typename Tail>
TAILNAS_INLINE void in_blocks(NodeRange range, const F& f, const Tail& tail) {
  const int64_t rows = range.floats / range.period, rows_at_once = max<int64_t>(1, kBlock / range.period);
  for (int64_t row = 0; row < rows; row += rows_at_once)
    f(Block{range.begin + row * range.period, min(rows_at_once, rows - row), range.period});
  const int64_t end = range.begin + range.floats;
  for (int64_t i = range.begin + rows * range.period, lane = 0; i < end; i++, lane++) tail(i, lane);
}

/// max(raw, least), NaN where raw is.
TAILNAS_INLINE float raised(const NodeTerm& term, int64_t i) { return term.raw[i] < term.least ? term.least : term.raw[i]; }

/// y += Σ of N terms in one block; if `Fresh`, on top of `base` instead of what is in y; if `past`, past the caches.
template <int N, bool Fresh>
inline void add_up_block(const NodeTerm* terms, Block block, const float* base, float* y, bool past) {
  for (int64_t lane = 0; lane < block.period; lane += kWidth) {
    const float* raw[N];
    Vec mean[N], scale[N], least[N];
    for (int k = 0; k < N; k++) {
      raw[k] = terms[k].raw + block.begin + lane;
      mean[k] = load_loose(terms[k].mean + lane);
      scale[k] = load_loose(terms[k].scale + lane);
      least[k] = splat(terms[k].least);
    }
    const Vec start = load_loose(base + lane);
    float* out = y + block.begin + lane;
    for (int64_t i = 0; i < block.rows * block.period; i += block.period) {
      Vec total = Fresh ? start : load_loose(out + i);
      for (int k = 0; k < N; k++) __builtin_prefetch(raw[k] + i + kAhead, 0, 2);
      for (int k = 0; k < N; k++) total = fma(scale[k], at_least(least[k], load_loose(raw[k] + i)) - mean[k], total);
      if (past) stream(out + i, total);
      else store_loose(out + i, total);
    }
  }
}

template <bool Fresh>
TAILNAS_INLINE void add_up_some(const NodeTerm* terms, int64_t count, Block block, const float* base, float* y, bool past) {
  switch (count) {
    case 1: return add_up_block<1, Fresh>(terms, block, base, y, past);
    case 2: return add_up_block<2, Fresh>(terms, block, base, y, past);
    case 3: return add_up_block<3, Fresh>(terms, block, base, y, past);
    default: return add_up_block<4, Fresh>(terms, block, base, y, past);
  }
}

inline void add_up(const NodeTerm* terms, int64_t count, NodeRange range, const float* base, float* y, bool stream) {
  in_blocks(
      range,
      [&](Block block) {
        add_up_some<true>(terms, count, block, base, y, stream && count <= 4);
        for (int64_t k = 4; k < count; k += 4) add_up_some<false>(terms + k, count - k, block, base, y, stream && k + 4 >= count);
      },
      [&](int64_t i, int64_t lane) {
        float total = base[lane];
        for (int64_t k = 0; k < count; k++) total += terms[k].scale[lane] * (raised(terms[k], i) - terms[k].mean[lane]);
        y[i] = total;
      });
  streamed();
}

TAILNAS_INLINE void add_to(double* sums, Vec v) { *reinterpret_cast<Doubles*>(sums) += __builtin_convertvector(v, Doubles); }

inline void sum_block(Block block, const float* g, double* sums) {
  for (int64_t lane = 0; lane < block.period; lane += kWidth) {
    Vec total[2] = {};
    const float* in = g + block.begin + lane;
    int64_t row = 0;
    for (; row + 2 <= block.rows; row += 2)
      for (int u = 0; u < 2; u++) total[u] += load_loose(in + (row + u) * block.period);
    if (row < block.rows) total[0] += load_loose(in + row * block.period);
    add_to(sums + lane, total[0] + total[1]);
  }
}

/// Σ g·(max(raw, least) − mean) of N terms in one block.
template <int N>
inline void dots_block(const NodeTerm* terms, Block block, const float* g, double* sums) {
  for (int64_t lane = 0; lane < block.period; lane += kWidth) {
    const float* raw[N];
    Vec mean[N], least[N], total[N] = {};
    for (int k = 0; k < N; k++) {
      raw[k] = terms[k].raw + block.begin + lane;
      mean[k] = load_loose(terms[k].mean + lane);
      least[k] = splat(terms[k].least);
    }
    const float* in = g + block.begin + lane;
    for (int64_t i = 0; i < block.rows * block.period; i += block.period) {
      const Vec gradient = load_loose(in + i);
      for (int k = 0; k < N; k++) __builtin_prefetch(raw[k] + i + kAhead, 0, 2);
      for (int k = 0; k < N; k++) total[k] = fma(gradient, at_least(least[k], load_loose(raw[k] + i)) - mean[k], total[k]);
    }
    for (int k = 0; k < N; k++) add_to(sums + k * block.period + lane, total[k]);
  }
}

inline void dots(const NodeTerm* terms, int64_t count, NodeRange range, const float* g, double* sums) {
  in_blocks(
      range,
      [&](Block block) {
        sum_block(block, g, sums);
        for (int64_t k = 0; k < count; k += 4) {
          double* own = sums + (k + 1) * block.period;
          switch (count - k) {
            case 1: dots_block<1>(terms + k, block, g, own); break;
            case 2: dots_block<2>(terms + k, block, g, own); break;
            case 3: dots_block<3>(terms + k, block, g, own); break;
            default: dots_block<4>(terms + k, block, g, own);
          }
        }
      },
      [&](int64_t i, int64_t lane) {
        sums[lane] += g[i];
        for (int64_t k = 0; k < count; k++)
          sums[(k + 1) * range.period + lane] += g[i] * (static_cast<double>(raised(terms[k], i)) - terms[k].mean[lane]);
      });
}

}  // namespace node_sum

const NodeSumKernels node_sum_kernels = {kWidth, node_sum::add_up, node_sum::dots};
