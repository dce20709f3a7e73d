// All gradients of a source, image by image. What the forward pass did not store (the ReLU'd image, depthwise outputs) is computed again. The
// gradient of the image is summed over all readers before it leaves the cache.
#pragma once

namespace read_source {

/// One thread's work.
struct Backward {
  const ReadSource& all;
  const Source& s;
  const ReaderGradient* gradients;
  SourceGradient to;
  BackwardScratch scratch;
  int64_t vectors;
  int64_t takes_relu = -1;  // the reader of the ReLU itself, if that has a gradient
  bool reads_plane = false, through_relu = false, wants_source;

  Backward(const ReadSource& what, const ReaderGradient* from, const SourceGradient& into, float* memory)
      : all(what), s(what.source), gradients(from), to(into), vectors(vectors_of(what.source.channels)) {
    wants_source = to.parts || to.g;
    Arena arena{memory};
    scratch = backward_in(all, arena);
    prepare(all, scratch.forward);
    for (int64_t stride = 1; stride <= 2; stride++) {
      const Gathered g = gathered(all, stride);
      const Plane &outputs = scratch.outputs[stride - 1], &dense = scratch.dense[stride - 1];
      clear(outputs.data, outputs.vector_step() * vectors_of(g.depthwise));
      clear(dense.data, dense.vector_step() * vectors_of(g.dense));
    }
    each_convolution(all, [&](int64_t r, int64_t p, const Convolution& c) {
      if (gradients[r].count == 0) return;
      prepare_points(c, scratch.forward.prepared[2 * r + p], scratch.point_sums[2 * r + p]);
      through_relu = true;
      if (gradients[r].depthwise[p] || gradients[r].pointwise[p]) reads_plane = true;
      if (!c.spatial()) return;
      int64_t* next = scratch.forward.of(r, p).gather;
      const int64_t step = scratch.outputs[c.stride - 1].row_step();
      visit_gather(c, [&](int64_t, int64_t, int64_t, int64_t row, int64_t col) { *next++ = row * step + col * kWidth; });
    });
    for (int64_t r = 0; r < all.count; r++)
      if (all.readers[r].kind == ReaderKind::relu && gradients[r].count > 0) takes_relu = r, through_relu = true;
  }

  void prepare_points(const Convolution& c, Prepared& one, float* sums) const {
    if (!one.points) return;
    clear(sums, winograd::kPoints * padded(c.outputs) * padded(s.channels));
    one.winograd = winograd::weights_to_points(one.packed.transposed, c.outputs * padded(s.channels), true, one.points);
  }

  /// Sums for the weights of a convolution, over a band whose gradient is in scratch.result and, through the 1×1 weights, in its plane.
  template <int STRIDE>
  void weight_gradients(int64_t r, int64_t p, int64_t first, int64_t rows) const {
    const Reader& reader = all.readers[r];
    const Convolution& c = reader.parts[p];
    const Prepared& prepared = scratch.forward.of(r, p);
    float *depthwise = gradients[r].depthwise[p], *pointwise = gradients[r].pointwise[p];
    const int64_t width = reader.out_width(s);
    if (!c.depthwise) {
      const PixelRows at = {rows, width, STRIDE * scratch.forward.plane.row_step()};
      const Pixels<const float> read = pixels_read(c, scratch.forward.plane, first);
      for (int64_t k = 0; k < c.products() && pointwise; k++)
        product_gradient(scratch.result, c.outputs, {read.data + (c.dense ? prepared.offsets[k] : 0), read.pixel, read.group}, at, s.channels,
                         pointwise + k * c.outputs * padded(s.channels));
      return;
    }
    if (pointwise) {
      depthwise_band<STRIDE>(s, reader, c, prepared, scratch.forward, first, rows);
      product_gradient(scratch.result, c.outputs, scratch.forward.tile.pixels(), {1, rows * width, 0}, s.channels, pointwise);
    }
    const Plane &outputs = scratch.outputs[STRIDE - 1], &plane = scratch.forward.plane;
    for (int64_t v = 0; v < vectors && depthwise; v++) {
      const RowPair pair = {outputs.at(v, first, 0), outputs.row_step(), plane.at(v, first * STRIDE, 0), plane.row_step() * STRIDE, rows,
                            width};
      depthwise_gradient<STRIDE>(pair, prepared.offsets, c.taps(), depthwise + v * c.taps() * kWidth);
    }
  }

  /// Calls visit(a, b, first, count) for the pixels in rows a, a + STRIDE … and columns b, b + STRIDE …, which gather through `count` taps from
  /// the `first` on in the order of visit_gather.
  template <int STRIDE, typename Visit>
  void each_class(const Convolution& c, const Visit& visit) const {
    int64_t class_first[kMostClasses + 1] = {};
    visit_gather(c, [&](int64_t k, int64_t, int64_t, int64_t, int64_t) { class_first[k + 1]++; });
    for (int64_t k = 0; k < kMostClasses; k++) class_first[k + 1] += class_first[k];
    for (int64_t a = 0; a < min<int64_t>(STRIDE, s.height); a++)
      for (int64_t b = 0; b < min<int64_t>(STRIDE, s.width); b++) {
        const int64_t k = a * STRIDE + b;
        visit(a, b, class_first[k], class_first[k + 1] - class_first[k]);
      }
  }

  /// Adds to scratch.relu the gradient through a depthwise convolution, whose output's gradient is in its plane.
  template <int STRIDE>
  void gather(const Convolution& c, const Prepared& prepared) const {
    const Plane& outputs = scratch.outputs[STRIDE - 1];
    for (int64_t v = 0; v < vectors; v++)
      each_class<STRIDE>(c, [&](int64_t a, int64_t b, int64_t first, int64_t count) {
        const Taps taps = {prepared.gather + first, prepared.packed.gather + (v * c.taps() + first) * kWidth, count};
        float* to_pixel = scratch.relu + ((v * s.height + a) * s.width + b) * kWidth;
        depthwise_rows<1, true>(taps, {(s.height - a + STRIDE - 1) / STRIDE, (s.width - b + STRIDE - 1) / STRIDE, outputs.at(v, 0, 0),
                                       outputs.row_step(), to_pixel, STRIDE * s.width * kWidth, STRIDE * kWidth});
      });
  }

  /// The same through a dense convolution, whose result's gradient is in its plane.
  template <int STRIDE>
  void gather_dense(const Convolution& c, const Prepared& prepared) const {
    const Plane& outputs = scratch.dense[STRIDE - 1];
    each_class<STRIDE>(c, [&](int64_t a, int64_t b, int64_t first, int64_t count) {
      const DenseTaps taps = {prepared.gather + first, count, prepared.packed.transposed + first * c.outputs * padded(s.channels)};
      const PixelRows at = {(s.height - a + STRIDE - 1) / STRIDE, (s.width - b + STRIDE - 1) / STRIDE, outputs.row_step()};
      const Pixels<float> to = {scratch.relu + (a * s.width + b) * kWidth, STRIDE * kWidth, s.pixels() * kWidth};
      dense_product<kWidth, true>(taps, {outputs.at(0, 0, 0), kWidth, outputs.vector_step()}, at, c.outputs, to, STRIDE * s.width * kWidth,
                                  padded(s.channels));
    });
  }

  /// Rows of scratch.result into the plane of a dense convolution.
  void place_rows(const Convolution& c, int64_t first, int64_t rows, int64_t width) const {
    const Plane& outputs = scratch.dense[c.stride - 1];
    for (int64_t row = 0; row < rows; row++)
      for (int64_t v = 0; v < vectors_of(c.outputs); v++) {
        const float* from = scratch.result + row * width * c.outputs + v * kWidth;
        float* to = outputs.at(v, first + row, 0);
        const int lanes = lanes_at(c.outputs, v * kWidth);
        for (int64_t w = 0; w < width; w++) store(to + w * kWidth, load_some(from + w * c.outputs, lanes));
      }
  }

  /// Adds to scratch.relu the gradient of a band through a 1×1 convolution that read the ReLU itself.
  void spread(const Reader& reader, const Convolution& c, const Prepared& prepared, int64_t first, int64_t rows) const {
    const int64_t width = reader.out_width(s), inside = min(width, (s.width - c.shift + c.stride - 1) / c.stride);
    for (int64_t r = 0; r < rows; r++) {
      const int64_t h = (first + r) * c.stride + c.shift;
      if (h >= s.height) continue;
      const Pixels<float> row = {scratch.row.data, kWidth, scratch.row.group};
      product({scratch.result + r * width * c.outputs, c.outputs, kWidth}, c.outputs, prepared.packed.transposed, width, row,
              padded(s.channels));
      for (int64_t v = 0; v < vectors; v++) {
        const float* from = row.data + v * row.group;
        float* to_row = scratch.relu + ((v * s.height + h) * s.width + c.shift) * kWidth;
        for (int64_t w = 0; w < inside; w++) {
          float* pixel = to_row + w * c.stride * kWidth;
          store(pixel, load(pixel) + load(from + w * kWidth));
        }
      }
    }
  }

  /// A convolution of stride 1 by Winograd's algorithm: sums for its weights, and what is added to scratch.relu. Whether all was finite: if
  /// not, nothing is done.
  bool through_points(int64_t r, int64_t p, int64_t image) const {
    const Reader& reader = all.readers[r];
    const Convolution& c = reader.parts[p];
    const Prepared& prepared = scratch.forward.of(r, p);
    const Plane &gradient = scratch.dense[0], &plane = scratch.forward.plane;
    for (int64_t row = 0; row < s.height; row++)
      finish_result(gradients[r], (image * s.height + row) * s.width, s.width, reader.channels, c.first, c.outputs,
                    {gradient.at(0, row, 0), kWidth, gradient.vector_step()});
    const bool sums = gradients[r].pointwise[p] != nullptr;
    if (!winograd::finite(gradient, vectors_of(c.outputs)) || (sums && !winograd::finite(plane, vectors))) return false;
    const winograd::GridMemory memory = scratch.forward.points, turned = {memory.results, memory.read};
    const winograd::Image to = {{scratch.relu, kWidth, s.pixels() * kWidth}, s.width * kWidth, s.height, s.width};
    winograd::in_grids(s.height, s.width, [&](const winograd::Grid& grid) {
      if (sums) winograd::add_point_gradients(plane, s.channels, gradient, c.outputs, grid, memory, scratch.point_sums[2 * r + p]);
      if (wants_source) winograd::convolve<true>(gradient, c.outputs, prepared.points, grid, turned, to, s.channels);
    });
    return true;
  }

  void through_convolution(int64_t r, int64_t p, int64_t image) const {
    if (scratch.forward.of(r, p).winograd && through_points(r, p, image)) return;
    const Reader& reader = all.readers[r];
    const Convolution& c = reader.parts[p];
    const Prepared& prepared = scratch.forward.of(r, p);
    const int64_t width = reader.out_width(s), height = reader.out_height(s), band = band_rows(s, reader);
    const Plane& outputs = scratch.outputs[c.stride - 1];
    for (int64_t first = 0; first < height; first += band) {
      const int64_t rows = min(band, height - first);
      finish_result(gradients[r], (image * height + first) * width, rows * width, reader.channels, c.first, c.outputs,
                    {scratch.result, c.outputs, kWidth});
      if (c.depthwise && (wants_source || gradients[r].depthwise[p]))
        for (int64_t row = 0; row < rows; row++)
          product({scratch.result + row * width * c.outputs, c.outputs, kWidth}, c.outputs, prepared.packed.transposed, width,
                  {outputs.at(0, first + row, 0), kWidth, outputs.vector_step()}, padded(s.channels));
      if (c.stride == 1) weight_gradients<1>(r, p, first, rows);
      else weight_gradients<2>(r, p, first, rows);
      if (c.dense && wants_source) place_rows(c, first, rows, width);
      if (!c.spatial() && wants_source) spread(reader, c, prepared, first, rows);
    }
    if (!c.spatial() || !wants_source) return;
    if (c.dense && c.stride == 1) gather_dense<1>(c, prepared);
    else if (c.dense) gather_dense<2>(c, prepared);
    else if (c.stride == 1) gather<1>(c, prepared);
    else gather<2>(c, prepared);
  }

  /// Into scratch.direct, or added to it if it is not `fresh`.
  void through_pool(int64_t r, int64_t image, bool fresh) const {
    const Reader& reader = all.readers[r];
    const ReaderGradient& gradient = gradients[r];
    float* into = fresh ? scratch.direct : scratch.more;
    const int64_t pixels = reader.out_pixels(s);
    if (reader.kind == ReaderKind::self) {
      finish_result(gradient, image * pixels, pixels, s.channels, 0, s.channels, {into, s.channels, kWidth});
    } else {
      finish_result(gradient, image * pixels, pixels, s.channels, 0, s.channels, {scratch.result, s.channels, kWidth});
      const PoolShape shape = {s.channels, s.height, s.width, reader.stride};
      const PoolRows rows = {0, s.height};
      if (reader.kind == ReaderKind::max_pool)
        pools::max_backward(shape, rows, scratch.result, gradient.taps + image * pixels * s.channels, into);
      else
        pools::avg_backward(shape, rows, scratch.result, into);
    }
    if (!fresh) add_to(scratch.direct, scratch.more, s.pixels() * s.channels);
  }

  /// From the gradient of the ReLU to that of x: 0 where the ReLU is 0, plus the direct gradient. For a normalised source it remains the gradient of
  /// the normalised value, and its sums are taken.
  template <bool NORMALISED>
  void finish_source(int64_t image, bool direct) const {
    const NormVectors& norm = scratch.forward.norm;
    int64_t first = 0;
    for (int64_t p = 0; p < s.part_count; p++) {
      const int64_t channels = s.parts[p].channels, place = image * s.pixels() * channels;
      const bool past = to.stream && channels % kWidth == 0;
      for (int64_t c = 0; c < channels; c += kWidth) {
        const int lanes = lanes_at(channels, c);
        const int64_t channel = first + c;
        const Vec mean = load(norm.mean + channel), scale = load(norm.scale + channel), beta = load(norm.beta + channel);
        const float* x = s.parts[p].data + place + c;
        const float* relu = scratch.relu + channel / kWidth * s.pixels() * kWidth;
        const float* also = scratch.direct + c;
        float* dx = to.parts ? to.parts[p] + place + c : nullptr;
        Vec g = zero(), g_x = zero();
        for (int64_t i = 0; i < s.pixels(); i++, x += channels, also += channels) {
          const Vec value = load_some(x, lanes);
          Vec gradient = through_relu ? load(relu + i * kWidth) : zero();
          if constexpr (NORMALISED) {
            const Vec centred = value - mean;
            gradient = select_le(fma(centred, scale, beta), zero(), zero(), gradient);
            g += gradient;
            g_x = fma(gradient, centred, g_x);
          } else {
            gradient = select_le(value, zero(), zero(), gradient);
            if (direct) gradient += load_some(also, lanes);
          }
          if (dx && past) stream(dx + i * channels, gradient);
          else if (dx) store_some(dx + i * channels, lanes, gradient);
        }
        store(scratch.g + channel, g);
        store(scratch.g_x + channel, g_x);
      }
      first += channels;
    }
    for (int64_t c = 0; c < s.channels && to.g; c++) {
      to.g[c] += scratch.g[c];
      to.g_x[c] += scratch.g_x[c];
    }
  }

  /// After the last image: from sums at Winograd's points to those of the taps.
  void finish_weights() const {
    each_convolution(all, [&](int64_t r, int64_t p, const Convolution& c) {
      if (!scratch.forward.of(r, p).winograd || !gradients[r].pointwise[p]) return;
      const int64_t channels = padded(s.channels);
      winograd::add_weight_gradients(scratch.point_sums[2 * r + p], padded(c.outputs) * channels, c.outputs * channels,
                                     gradients[r].pointwise[p]);
    });
  }

  /// The gradient of the ReLU before any convolution: that of whoever reads the ReLU itself, or 0.
  void start_relu(int64_t image) const {
    if (takes_relu < 0 || padded(s.channels) > s.channels) clear(scratch.relu, s.pixels() * padded(s.channels));
    if (takes_relu >= 0)
      finish_result(gradients[takes_relu], image * s.pixels(), s.pixels(), s.channels, 0, s.channels, {scratch.relu, kWidth, s.pixels() * kWidth});
  }

  void image(int64_t image) const {
    if (reads_plane) read_image(s, scratch.forward, image);
    if (through_relu && wants_source) start_relu(image);
    bool direct = false;
    for (int64_t r = 0; r < all.count; r++) {
      const Reader& reader = all.readers[r];
      if (gradients[r].count == 0) continue;
      for (int64_t p = 0; p < reader.part_count; p++) through_convolution(r, p, image);
      if (reader.kind == ReaderKind::convolution || reader.kind == ReaderKind::relu || !wants_source) continue;
      through_pool(r, image, !direct);
      direct = true;
    }
    if (wants_source) s.normalised() ? finish_source<true>(image, direct) : finish_source<false>(image, direct);
  }
};

inline void backward(const ReadSource& all, const ReaderGradient* gradients, const SourceGradient& to, ImageRange images, float* scratch) {
  const Backward pass(all, gradients, to, scratch);
  for (int64_t image = images.begin; image < images.end; image++) pass.image(image);
  pass.finish_weights();
  streamed();
}

}  // namespace read_source
