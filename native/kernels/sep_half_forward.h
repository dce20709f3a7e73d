// sep_half's output, block by block, mostly whole images: the framed copy of an image stays in the second-level cache, a band of depthwise
// rows in the first.
#pragma once

namespace sep_half {

/// A band of output rows, at least one: as many as make and read about 16 KiB, so that both stay in the first-level cache.
inline int64_t band_rows(const SepHalfShape& s) {
  const int64_t floats = s.out_width() * s.stride * s.stride * padded(s.channels);
  return min(s.out_height(), max<int64_t>(1, 4096 / floats));
}

/// Depthwise output of a band, vector by vector: [vectors of c][pixels of a band][kWidth].
struct Tile {
  float* data;
  int64_t group;  // floats from a vector of channels to the next

  Pixels<const float> pixels() const { return {data, kWidth, group}; }
};

struct ForwardScratch {
  Plane plane;
  Tile tile;
  int64_t* offsets;  // of the taps, in the plane
};

inline ForwardScratch forward_in(const SepHalfShape& s, Arena& arena) {
  ForwardScratch scratch;
  scratch.plane = {nullptr, s.height + 2 * s.padding(), s.width + 2 * s.padding()};
  scratch.plane.data = arena.floats(scratch.plane.vector_step() * vectors_of(s.channels));
  scratch.tile.group = band_rows(s) * s.out_width() * kWidth;
  scratch.tile.data = arena.floats(scratch.tile.group * vectors_of(s.channels));
  scratch.offsets = arena.integers(s.taps());
  return scratch;
}

inline int64_t forward_scratch(const SepHalfShape& s) {
  Arena arena{nullptr};
  forward_in(s, arena);
  return arena.used;
}

/// Clears the frame, which no image overwrites, and fills the offsets.
inline void prepare(const SepHalfShape& s, const ForwardScratch& scratch) {
  clear(scratch.plane.data, scratch.plane.vector_step() * vectors_of(s.channels));
  for (int64_t ky = 0; ky < s.kernel; ky++)
    for (int64_t kx = 0; kx < s.kernel; kx++)
      scratch.offsets[ky * s.kernel + kx] = ky * s.dilation * scratch.plane.row_step() + kx * s.dilation * kWidth;
}

/// The rows of an image that the block's output rows read, into the plane.
inline void read_image(const SepHalfInput& input, const Packed& packed, const SepHalfBlock& block, const Plane& plane) {
  const SepHalfShape& s = input.shape;
  const int64_t first = max<int64_t>(0, block.out_first * s.stride - s.padding());
  const int64_t end = min(s.height, (block.out_end - 1) * s.stride + s.padding() + 1);
  const float* x = input.x + block.image * s.height * s.width * s.channels;
  const auto fill = input.normalised ? fill_plane<true> : fill_plane<false>;
  fill(plane, s.padding(), s, packed.norm, x, first, end);
}

/// Depthwise output of rows first … first + rows − 1 into the tile.
template <int STRIDE>
inline void depthwise_band(const SepHalfShape& s, const Packed& packed, const ForwardScratch& scratch, int64_t first, int64_t rows) {
  for (int64_t v = 0; v < vectors_of(s.channels); v++) {
    const Taps taps = {scratch.offsets, packed.depthwise + v * s.taps() * kWidth, s.taps()};
    for (int64_t r = 0; r < rows; r++) {
      float* to = scratch.tile.data + v * scratch.tile.group + r * s.out_width() * kWidth;
      depthwise_row<STRIDE>(taps, s.out_width(), scratch.plane.at(v, (first + r) * STRIDE, 0), to, kWidth);
    }
  }
}

template <int STRIDE>
inline void forward_run(const SepHalfInput& input, const SepHalfRun& run, float* y, float* memory) {
  const SepHalfShape& s = input.shape;
  const Packed packed = packed_of(input);
  Arena arena{memory};
  const ForwardScratch scratch = forward_in(s, arena);
  prepare(s, scratch);
  const int64_t band = band_rows(s), row = s.out_width() * s.outputs;
  for (int64_t index = run.first; index < run.end; index++) {
    const SepHalfBlock block = run.block(s, index);
    read_image(input, packed, block, scratch.plane);
    for (int64_t first = block.out_first; first < block.out_end; first += band) {
      const int64_t rows = min(band, block.out_end - first);
      depthwise_band<STRIDE>(s, packed, scratch, first, rows);
      const Pixels<float> to = {y + (block.image * s.out_height() + first) * row, s.outputs, kWidth};
      product(scratch.tile.pixels(), s.channels, packed.pointwise, rows * s.out_width(), to, s.outputs);
    }
  }
}

inline void forward(const SepHalfInput& input, const SepHalfRun& run, float* y, float* scratch) {
  if (input.shape.stride == 1) forward_run<1>(input, run, y, scratch);
  else forward_run<2>(input, run, y, scratch);
}

}  // namespace sep_half
