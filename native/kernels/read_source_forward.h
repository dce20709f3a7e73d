// All results of a source, image by image. The framed ReLU of an image stays in the second-level cache while all readers use it, and a band of
// depthwise rows in the first.
#pragma once

namespace read_source {

/// Rows of output per band, at least one: as many as read and write about 16 KiB, so that both stay in the first-level cache.
inline int64_t band_rows(const Source& s, const Reader& reader) {
  const int64_t floats = reader.out_width(s) * reader.stride * reader.stride * padded(s.channels);
  return min(reader.out_height(s), max<int64_t>(1, 4096 / floats));
}

/// Whether a convolution is computed by Winograd's algorithm: 3×3 taps side by side, enough channels to be worth the transforms, and no
/// more than a third of the tiles' results outside the image.
inline bool suits_winograd(const Source& s, const Convolution& c) {
  const int64_t tiles = winograd::tiles_along(s.height) * winograd::tiles_along(s.width);
  return c.dense && c.kernel == 3 && c.stride == 1 && c.dilation == 1 && s.channels >= 8 && c.outputs >= 8 && 11 * tiles <= s.pixels();
}

/// Rows of one vector of channels after the other: [vectors of c][pixels][kWidth].
struct Tile {
  float* data;
  int64_t group;  // floats from a vector of channels to the next

  Pixels<const float> pixels() const { return {data, kWidth, group}; }
};

/// A convolution as its loops see it: where in the plane its taps are, and where the gathering taps are in the gradient's plane.
struct Prepared {
  PackedConvolution packed;
  int64_t *offsets, *gather;  // null unless it is spatial
  float* points;              // weights at Winograd's points; null unless it suits_winograd
  bool winograd;              // whether they are all finite
};

struct ForwardScratch {
  NormVectors norm;
  Plane plane;
  Tile tile;
  Prepared* prepared;  // [reader][2]
  winograd::GridMemory points;

  const Prepared& of(int64_t reader, int64_t part) const { return prepared[2 * reader + part]; }
};

/// Whether any reader needs the plane.
inline bool reads_plane(const ReadSource& all) {
  bool reads = false;
  each_convolution(all, [&](int64_t, int64_t, const Convolution&) { reads = true; });
  return reads;
}

/// How many pixels readers reach beyond the edge of the image.
inline int64_t frame_of(const ReadSource& all) {
  int64_t frame = 0;
  each_convolution(all, [&](int64_t, int64_t, const Convolution& c) { frame = max(frame, max(c.padding(), c.shift)); });
  return frame;
}

inline ForwardScratch forward_in(const ReadSource& all, Arena& arena) {
  const Source& s = all.source;
  ForwardScratch scratch;
  int64_t tile = 0, results = 0;
  each_convolution(all, [&](int64_t r, int64_t, const Convolution& c) {
    if (c.depthwise) tile = max(tile, band_rows(s, all.readers[r]) * all.readers[r].out_width(s) * kWidth);
    if (suits_winograd(s, c)) results = max(results, c.outputs);
  });
  const auto points = [&](int64_t channels) {
    const int64_t tiles = winograd::rows_at_once(s.height, s.width) * winograd::tiles_along(s.width);
    return arena.floats(results > 0 ? winograd::kPoints * winograd::point_step(tiles, channels) : 0);
  };
  scratch.points = {points(s.channels), points(results)};
  scratch.plane = plane_in(arena, reads_plane(all) ? s.channels : 0, s.height, s.width, frame_of(all));
  scratch.tile = {arena.floats(tile * vectors_of(s.channels)), tile};
  scratch.prepared = reinterpret_cast<Prepared*>(arena.floats(2 * all.count * static_cast<int64_t>(sizeof(Prepared) / sizeof(float))));
  Arena packed{const_cast<float*>(all.packed)};
  scratch.norm = norm_in(s, packed);
  each_convolution(all, [&](int64_t r, int64_t p, const Convolution& c) {
    const int64_t weights = max(s.channels * padded(c.outputs), c.outputs * padded(s.channels));
    const Prepared one = {packed_in(s, c, packed), c.spatial() ? arena.integers(c.taps()) : nullptr,
                          c.spatial() ? arena.integers(c.taps()) : nullptr,
                          suits_winograd(s, c) ? arena.floats(winograd::kPoints * weights) : nullptr, false};
    if (arena.block) scratch.prepared[2 * r + p] = one;
  });
  return scratch;
}

inline int64_t forward_scratch(const ReadSource& all) {
  Arena arena{nullptr};
  forward_in(all, arena);
  return arena.used;
}

/// Clears the frame, which no image overwrites, and fills the offsets.
inline void prepare(const ReadSource& all, const ForwardScratch& scratch) {
  const Plane& plane = scratch.plane;
  if (reads_plane(all) && (frame_of(all) > 0 || padded(all.source.channels) > all.source.channels))
    clear(plane.data, plane.vector_step() * vectors_of(all.source.channels));
  each_convolution(all, [&](int64_t r, int64_t p, const Convolution& c) {
    if (!c.spatial()) return;
    for (int64_t ky = 0; ky < c.kernel; ky++)
      for (int64_t kx = 0; kx < c.kernel; kx++)
        scratch.of(r, p).offsets[ky * c.kernel + kx] =
            (ky * c.dilation - c.padding()) * plane.row_step() + (kx * c.dilation - c.padding()) * kWidth;
  });
}

inline void read_image(const Source& s, const ForwardScratch& scratch, int64_t image) {
  if (s.normalised()) fill_plane<true>(scratch.plane, s, scratch.norm, image);
  else fill_plane<false>(scratch.plane, s, scratch.norm, image);
}

/// Depthwise output of rows first … first + rows − 1 into the tile.
template <int STRIDE>
inline void depthwise_band(const Source& s, const Reader& reader, const Convolution& c, const Prepared& prepared,
                           const ForwardScratch& scratch, int64_t first, int64_t rows) {
  const int64_t width = reader.out_width(s);
  for (int64_t v = 0; v < vectors_of(s.channels); v++) {
    const Taps taps = {prepared.offsets, prepared.packed.depthwise + v * c.taps() * kWidth, c.taps()};
    depthwise_rows<STRIDE, false>(taps, {rows, width, scratch.plane.at(v, first * STRIDE, 0), scratch.plane.row_step() * STRIDE,
                                         scratch.tile.data + v * scratch.tile.group, width * kWidth, kWidth});
  }
}

/// The pixels that a convolution without a depthwise one reads for row r.
inline Pixels<const float> pixels_read(const Convolution& c, const Plane& plane, int64_t r) {
  return {plane.at(0, r * c.stride + c.shift, c.shift), c.stride * kWidth, plane.vector_step()};
}

/// Rows first … first + rows − 1 of the channels that a convolution writes. y: the first of these rows.
inline void convolve_band(const Source& s, const Reader& reader, const Convolution& c, const Prepared& prepared,
                          const ForwardScratch& scratch, int64_t first, int64_t rows, float* y) {
  const int64_t width = reader.out_width(s);
  y += c.first;
  if (c.depthwise) {
    if (c.stride == 1) depthwise_band<1>(s, reader, c, prepared, scratch, first, rows);
    else depthwise_band<2>(s, reader, c, prepared, scratch, first, rows);
    product(scratch.tile.pixels(), s.channels, prepared.packed.pointwise, rows * width, {y, reader.channels, kWidth}, c.outputs);
    return;
  }
  const int64_t step = width * reader.channels;
  const Pixels<float> to = {y, reader.channels, kWidth};
  if (c.dense) {
    const DenseTaps taps = {prepared.offsets, c.taps(), prepared.packed.pointwise};
    const PixelRows at = {rows, width, c.stride * scratch.plane.row_step()};
    const Pixels<const float> from = pixels_read(c, scratch.plane, first);
    if (c.stride == 1) dense_product<kWidth, false>(taps, from, at, s.channels, to, step, c.outputs);
    else dense_product<2 * kWidth, false>(taps, from, at, s.channels, to, step, c.outputs);
    return;
  }
  for (int64_t r = 0; r < rows; r++)
    product(pixels_read(c, scratch.plane, first + r), s.channels, prepared.packed.pointwise, width, {y + r * step, to.pixel, to.group},
            c.outputs);
}

/// The whole image by Winograd's algorithm.
inline void convolve_by_points(const Source& s, const Reader& reader, const Prepared& prepared, const ForwardScratch& scratch,
                               const ReaderResult& result, float* y) {
  const Convolution& c = reader.parts[0];
  const int64_t row = s.width * reader.channels;
  const winograd::Image to = {{y + c.first, reader.channels, kWidth}, row, s.height, s.width};
  winograd::in_grids(s.height, s.width, [&](const winograd::Grid& grid) {
    winograd::convolve<false>(scratch.plane, s.channels, prepared.points, grid, scratch.points, to, c.outputs);
    const int64_t first = grid.first * winograd::kResults, rows = min(grid.rows * winograd::kResults, s.height - first);
    if (result.sums) channel_sums::add_sums(y + first * row, rows * row, result.period, result.sums, result.squares);
  });
}

inline void convolve(const ReadSource& all, int64_t r, const ForwardScratch& scratch, const ReaderResult& result, float* y) {
  const Source& s = all.source;
  const Reader& reader = all.readers[r];
  if (reader.part_count == 1 && scratch.of(r, 0).winograd && winograd::finite(scratch.plane, vectors_of(s.channels)))
    return convolve_by_points(s, reader, scratch.of(r, 0), scratch, result, y);
  const int64_t band = band_rows(s, reader), height = reader.out_height(s), row = reader.out_width(s) * reader.channels;
  for (int64_t first = 0; first < height; first += band) {
    const int64_t rows = min(band, height - first);
    for (int64_t p = 0; p < reader.part_count; p++)
      convolve_band(s, reader, reader.parts[p], scratch.of(r, p), scratch, first, rows, y + first * row);
    if (result.sums) channel_sums::add_sums(y + first * row, rows * row, result.period, result.sums, result.squares);
  }
}

inline void pool_image(const Source& s, const Reader& reader, const ReaderResult& result, int64_t image) {
  const PoolShape shape = {s.channels, s.height, s.width, reader.stride};
  const PoolRows rows = {image * shape.out_height(), (image + 1) * shape.out_height()};
  if (reader.kind == ReaderKind::max_pool) pools::max_forward(shape, rows, s.parts[0].data, result.y, result.taps);
  else pools::avg_forward(shape, rows, s.parts[0].data, result.y);
}

inline void forward(const ReadSource& all, const ReaderResult* results, ImageRange images, float* memory) {
  const Source& s = all.source;
  Arena arena{memory};
  const ForwardScratch scratch = forward_in(all, arena);
  prepare(all, scratch);
  each_convolution(all, [&](int64_t r, int64_t p, const Convolution& c) {
    Prepared& one = scratch.prepared[2 * r + p];
    if (one.points) one.winograd = winograd::weights_to_points(one.packed.pointwise, s.channels * padded(c.outputs), false, one.points);
  });
  const bool reads = reads_plane(all);
  for (int64_t image = images.begin; image < images.end; image++) {
    if (reads) read_image(s, scratch, image);
    for (int64_t r = 0; r < all.count; r++) {
      const Reader& reader = all.readers[r];
      const ReaderResult& result = results[r];
      const int64_t floats = reader.out_pixels(s) * reader.channels;
      float* y = result.y + image * floats;
      if (reader.kind == ReaderKind::convolution) {
        convolve(all, r, scratch, result, y);
        continue;
      }
      if (!reader.gives_x()) pool_image(s, reader, result, image);
      if (result.sums) channel_sums::add_sums(y, floats, result.period, result.sums, result.squares);
    }
  }
}

}  // namespace read_source
