// Winograd's minimal filtering F(4×4, 3×3): 4 × 4 results of a 3×3 convolution of stride 1 from 36 products per pair of channels, where the
// taps take 144 (Lavin and Gray 2016, "Fast algorithms for convolutional neural networks").
#pragma once

/// A tile of results reads 6 × 6 pixels. Pixels d and weights w become values at six points in each direction. There a convolution is a
/// product per point, and from the products come the results y:
///
///     y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A          dw = Gᵀ [(A dy Aᵀ) ⊙ (Bᵀ d B)] G
///
/// The points are 0, ±a, ±b and infinity with a = √½ and b = √2. In float32 they lose less than the usual 1 and 2, since all constants are
/// nearer to 1. Each of the structs below is one of these matrices.
namespace winograd {

constexpr int kResults = 4, kReads = 6, kPoints = kReads * kReads;
constexpr float kA = 0.70710678118654752f, kB = 1.41421356237309505f;

/// Bᵀ. `reach` is how many pixels before its first result a tile begins.
struct ReadsToPoints {
  static constexpr int from = kReads, to = kReads, reach = 1;
  TAILNAS_INLINE static void apply(const Vec (&d)[from], Vec (&t)[to]) {
    const Vec near = fma(splat(-2.0f), d[2], d[4]), far = fma(splat(-0.5f), d[2], d[4]);
    const Vec near_odd = fma(splat(-2.0f), d[1], d[3]), far_odd = fma(splat(-0.5f), d[1], d[3]);
    t[0] = fma(splat(-2.5f), d[2], d[0] + d[4]);
    t[1] = fma(splat(kA), near_odd, near);
    t[2] = fma(splat(-kA), near_odd, near);
    t[3] = fma(splat(kB), far_odd, far);
    t[4] = fma(splat(-kB), far_odd, far);
    t[5] = fma(splat(-2.5f), d[3], d[1] + d[5]);
  }
};

/// Aᵀ.
struct PointsToResults {
  static constexpr int from = kReads, to = kResults;
  TAILNAS_INLINE static void apply(const Vec (&m)[from], Vec (&y)[to]) {
    const Vec near = m[1] + m[2], near_odd = splat(kA) * (m[1] - m[2]);
    const Vec far = m[3] + m[4], far_odd = splat(kB) * (m[3] - m[4]);
    y[0] = m[0] + near + far;
    y[1] = near_odd + far_odd;
    y[2] = fma(splat(0.5f), near, far + far);
    y[3] = fma(splat(0.5f), near_odd, far_odd + far_odd) + m[5];
  }
};

/// A.
struct ResultsToPoints {
  static constexpr int from = kResults, to = kReads, reach = 0;
  TAILNAS_INLINE static void apply(const Vec (&g)[from], Vec (&t)[to]) {
    const Vec near = fma(splat(0.5f), g[2], g[0]), near_odd = fma(splat(0.5f), g[3], g[1]);
    const Vec far = fma(splat(2.0f), g[2], g[0]), far_odd = fma(splat(2.0f), g[3], g[1]);
    t[0] = g[0];
    t[1] = fma(splat(kA), near_odd, near);
    t[2] = fma(splat(-kA), near_odd, near);
    t[3] = fma(splat(kB), far_odd, far);
    t[4] = fma(splat(-kB), far_odd, far);
    t[5] = g[3];
  }
};

/// G.
struct WeightsToPoints {
  static constexpr int from = 3, to = kReads;
  TAILNAS_INLINE static void apply(const Vec (&w)[from], Vec (&u)[to]) {
    const Vec near = splat(-2.0f / 3) * fma(splat(0.5f), w[2], w[0]), near_odd = splat(-2.0f / 3 * kA) * w[1];
    const Vec far = splat(1.0f / 6) * fma(splat(2.0f), w[2], w[0]), far_odd = splat(kB / 6) * w[1];
    u[0] = w[0];
    u[1] = near + near_odd;
    u[2] = near - near_odd;
    u[3] = far + far_odd;
    u[4] = far - far_odd;
    u[5] = w[2];
  }
};

/// Gᵀ.
struct PointsToWeights {
  static constexpr int from = kReads, to = 3;
  TAILNAS_INLINE static void apply(const Vec (&s)[from], Vec (&w)[to]) {
    const Vec near = splat(-2.0f / 3) * (s[1] + s[2]), far = splat(1.0f / 6) * (s[3] + s[4]);
    w[0] = s[0] + near + far;
    w[1] = fma(splat(-2.0f / 3 * kA), s[1] - s[2], splat(kB / 6) * (s[3] - s[4]));
    w[2] = fma(splat(0.5f), near, far + far) + s[5];
  }
};

/// Along rows, then along columns.
template <typename T>
TAILNAS_INLINE void both_ways(const Vec (&in)[T::from][T::from], Vec (&out)[T::to][T::to]) {
  Vec half[T::from][T::to];
#pragma GCC unroll 8
  for (int i = 0; i < T::from; i++) T::apply(in[i], half[i]);
#pragma GCC unroll 8
  for (int j = 0; j < T::to; j++) {
    Vec column[T::from], done[T::to];
#pragma GCC unroll 8
    for (int i = 0; i < T::from; i++) column[i] = half[i][j];
    T::apply(column, done);
#pragma GCC unroll 8
    for (int i = 0; i < T::to; i++) out[i][j] = done[i];
  }
}

/// Some rows of tiles of an image.
struct Grid {
  int64_t first, rows, cols;

  int64_t tiles() const { return rows * cols; }
};

TAILNAS_INLINE constexpr int64_t tiles_along(int64_t pixels) { return (pixels + kResults - 1) / kResults; }

/// So many rows of tiles at once that their product is large, and what it reads still in the cache.
constexpr int64_t kTilesAtOnce = 16;
inline int64_t rows_at_once(int64_t height, int64_t width) {
  return min(tiles_along(height), max<int64_t>(1, kTilesAtOnce / tiles_along(width)));
}

/// Calls visit(grid) for all tiles of an image.
template <typename Visit>
inline void in_grids(int64_t height, int64_t width, const Visit& visit) {
  const int64_t rows = tiles_along(height), step = rows_at_once(height, width);
  for (int64_t first = 0; first < rows; first += step) visit(Grid{first, min(step, rows - first), tiles_along(width)});
}

/// Channel c of tile t at point k is at data[k · point + c / kWidth · group + t · pixel + c % kWidth].
struct Points {
  float* data;
  int64_t point, pixel, group;

  Pixels<float> at(int64_t k) const { return {data + k * point, pixel, group}; }
  Pixels<const float> read(int64_t k) const { return {data + k * point, pixel, group}; }
};

/// Floats from one point to the next: one vector more than needed, or the same few cache lines would hold all points.
inline int64_t point_step(int64_t tiles, int64_t channels) { return tiles * padded(channels) + kWidth; }

/// All tiles of a vector of channels lie together, as `product` reads them.
inline Points by_channel(float* data, int64_t tiles, int64_t channels) {
  return {data, point_step(tiles, channels), kWidth, tiles * kWidth};
}
/// All channels of a tile lie together, as `product_gradient` reads a gradient.
inline Points by_tile(float* data, int64_t tiles, int64_t channels) {
  return {data, point_step(tiles, channels), padded(channels), kWidth};
}

/// Pixels of the image from row r and column c on; outside the plane they are 0.
template <int N>
TAILNAS_INLINE void read_square(const Plane& plane, int64_t v, int64_t r, int64_t c, Vec (&to)[N][N]) {
  if (r + N <= plane.rows - plane.frame && c + N <= plane.cols - plane.frame) {
    const float* from = plane.at(v, r, c);
#pragma GCC unroll 8
    for (int i = 0; i < N; i++)
#pragma GCC unroll 8
      for (int j = 0; j < N; j++) to[i][j] = load(from + i * plane.row_step() + j * kWidth);
    return;
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      const bool inside = r + i < plane.rows - plane.frame && c + j < plane.cols - plane.frame;
      to[i][j] = inside ? load(plane.at(v, r + i, c + j)) : zero();
    }
}

/// The tiles of a plane at the points; T is ReadsToPoints or ResultsToPoints.
template <typename T>
inline void to_points(const Plane& plane, int64_t vectors, const Grid& grid, const Points& to) {
  for (int64_t v = 0; v < vectors; v++)
    for (int64_t t = 0; t < grid.tiles(); t++) {
      Vec in[T::from][T::from], out[T::to][T::to];
      read_square(plane, v, (grid.first + t / grid.cols) * kResults - T::reach, t % grid.cols * kResults - T::reach, in);
      both_ways<T>(in, out);
      float* at = to.data + v * to.group + t * to.pixel;
#pragma GCC unroll 36
      for (int k = 0; k < kPoints; k++) store(at + k * to.point, out[k / kReads][k % kReads]);
    }
}

/// Where the results of an image go: pixel (0, 0), and how far it is from one row to the next.
struct Image {
  Pixels<float> pixels;
  int64_t row_step, height, width;
};

/// Results of the products of a grid, of `channels` channels; or adds them to what is there.
template <bool ADD>
inline void from_points(const Points& from, const Grid& grid, const Image& to, int64_t channels) {
  for (int64_t v = 0; v < vectors_of(channels); v++) {
    const int lanes = lanes_at(channels, v * kWidth);
    for (int64_t t = 0; t < grid.tiles(); t++) {
      Vec in[kReads][kReads], out[kResults][kResults];
      const float* at = from.data + v * from.group + t * from.pixel;
#pragma GCC unroll 36
      for (int k = 0; k < kPoints; k++) in[k / kReads][k % kReads] = load(at + k * from.point);
      both_ways<PointsToResults>(in, out);
      const int64_t r = (grid.first + t / grid.cols) * kResults, c = t % grid.cols * kResults;
      float* first = to.pixels.data + v * to.pixels.group + r * to.row_step + c * to.pixels.pixel;
      const int64_t rows = min<int64_t>(kResults, to.height - r), cols = min<int64_t>(kResults, to.width - c);
#pragma GCC unroll 4
      for (int i = 0; i < kResults; i++)
#pragma GCC unroll 4
        for (int j = 0; j < kResults; j++) {
          if (i >= rows || j >= cols) continue;
          float* pixel = first + i * to.row_step + j * to.pixels.pixel;
          store_some(pixel, lanes, ADD ? load_some(pixel, lanes) + out[i][j] : out[i][j]);
        }
    }
  }
}

/// Memory of a grid at the points: of what is read, and of results.
struct GridMemory {
  float *read, *results;
};

/// Results of a grid, of `outputs` channels, from a plane of `inputs`; or adds them to what is there. weights: as weights_to_points gives them
template <bool ADD>
inline void convolve(const Plane& plane, int64_t inputs, const float* weights, const Grid& grid, const GridMemory& memory, const Image& to,
                     int64_t outputs) {
  const Points read = by_channel(memory.read, grid.tiles(), inputs), results = by_channel(memory.results, grid.tiles(), outputs);
  to_points<ReadsToPoints>(plane, vectors_of(inputs), grid, read);
  for (int64_t k = 0; k < kPoints; k++)
    product(read.read(k), inputs, weights + k * inputs * padded(outputs), grid.tiles(), results.at(k), padded(outputs));
  from_points<ADD>(results, grid, to, outputs);
}

/// Adds to the gradients of the weights at the points, [point][outputs padded][inputs padded], those of a grid.
inline void add_point_gradients(const Plane& plane, int64_t inputs, const Plane& gradient, int64_t outputs, const Grid& grid,
                                const GridMemory& memory, float* sums) {
  const Points read = by_channel(memory.read, grid.tiles(), inputs), results = by_tile(memory.results, grid.tiles(), outputs);
  to_points<ReadsToPoints>(plane, vectors_of(inputs), grid, read);
  to_points<ResultsToPoints>(gradient, vectors_of(outputs), grid, results);
  for (int64_t k = 0; k < kPoints; k++)
    product_gradient(results.at(k).data, padded(outputs), read.read(k), {1, grid.tiles(), 0}, inputs,
                     sums + k * padded(outputs) * padded(inputs));
}

/// Nine taps of `floats` weights each, the lowest row first if `upside_down`, at the points: [point][floats]. Whether all are finite.
inline bool weights_to_points(const float* taps, int64_t floats, bool upside_down, float* to) {
  Vec odd = zero();  // stays 0 as long as all values are finite
  for (int64_t f = 0; f < floats; f += kWidth) {
    Vec in[3][3], out[kReads][kReads];
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) in[i][j] = load(taps + ((upside_down ? 2 - i : i) * 3 + j) * floats + f);
    both_ways<WeightsToPoints>(in, out);
    for (int k = 0; k < kPoints; k++) {
      odd = fma(out[k / kReads][k % kReads], zero(), odd);
      store(to + k * floats + f, out[k / kReads][k % kReads]);
    }
  }
  return sum(odd) == 0.0f;
}

/// Adds the gradient of nine taps of `floats` weights, of which `sums` has that at the points, `step` floats from one to the next.
inline void add_weight_gradients(const float* sums, int64_t step, int64_t floats, float* taps) {
  for (int64_t f = 0; f < floats; f += kWidth) {
    Vec in[kReads][kReads], out[3][3];
    for (int k = 0; k < kPoints; k++) in[k / kReads][k % kReads] = load(sums + k * step + f);
    both_ways<PointsToWeights>(in, out);
    for (int k = 0; k < 9; k++) store(taps + k * floats + f, load(taps + k * floats + f) + out[k / 3][k % 3]);
  }
}

/// Whether no value of an image is infinite or NaN: those would reach all results of a tile.
inline bool finite(const Plane& plane, int64_t vectors) {
  Vec odd[2] = {};
  const int64_t floats = plane.vector_step() * vectors;
  int64_t i = 0;
  for (; i + 2 * kWidth <= floats; i += 2 * kWidth)
    for (int u = 0; u < 2; u++) odd[u] = fma(load(plane.data + i + u * kWidth), zero(), odd[u]);
  for (; i < floats; i += kWidth) odd[0] = fma(load(plane.data + i), zero(), odd[0]);
  return sum(odd[0] + odd[1]) == 0.0f;
}

}  // namespace winograd
