// sep_half's gradients. What the forward pass did not store (the ReLU'd image, the depthwise output) is computed once more.
#pragma once

namespace sep_half {

constexpr int64_t kMostClasses = 4;  // of visit_gather, with stride 2

struct BackwardScratch {
  ForwardScratch forward;
  Plane gradient;    // of the depthwise output, framed by gradient_frame
  int64_t* offsets;  // of the gathering taps in it
  Tile row;          // a row of the gradient of the ReLU'd input
  float *g, *g_xhat;  // [c padded]: sums over one block
};

inline BackwardScratch backward_in(const SepHalfShape& s, Arena& arena) {
  BackwardScratch scratch;
  scratch.forward = forward_in(s, arena);
  const int64_t frame = gradient_frame(s), channels = padded(s.channels);
  // The last row gathers from output row (height − 1 + padding) / stride.
  scratch.gradient = {nullptr, frame + (s.height - 1 + s.padding()) / s.stride + 1,
                      frame + (s.width - 1 + s.padding()) / s.stride + 1};
  scratch.gradient.data = arena.floats(scratch.gradient.vector_step() * vectors_of(s.channels));
  scratch.offsets = arena.integers(s.taps());
  scratch.row = {arena.floats(s.width * channels), s.width * kWidth};
  scratch.g = arena.floats(channels);
  scratch.g_xhat = arena.floats(channels);
  return scratch;
}

inline int64_t backward_scratch(const SepHalfShape& s) {
  Arena arena{nullptr};
  backward_in(s, arena);
  return arena.used;
}

/// One thread's work.
template <int STRIDE>
struct Backward {
  const SepHalfInput& input;
  const SepHalfShape& s;
  const SepHalfSums& sums;
  Packed packed;
  BackwardScratch scratch;
  int64_t vectors;
  int64_t class_first[kMostClasses + 1];  // where the taps of each class of visit_gather start

  Backward(const SepHalfInput& from, const SepHalfSums& to, float* memory)
      : input(from), s(from.shape), sums(to), packed(packed_of(from)), vectors(vectors_of(from.shape.channels)) {
    Arena arena{memory};
    scratch = backward_in(s, arena);
    prepare(s, scratch.forward);
    clear(scratch.gradient.data, scratch.gradient.vector_step() * vectors);
    int64_t count[kMostClasses] = {};
    int64_t next = 0;
    visit_gather(s, [&](int64_t c, int64_t, int64_t, int64_t row, int64_t col) {
      count[c]++;
      scratch.offsets[next++] = row * scratch.gradient.row_step() + col * kWidth;
    });
    class_first[0] = 0;
    for (int64_t c = 0; c < kMostClasses; c++) class_first[c + 1] = class_first[c] + count[c];
  }

  /// Gradient of the depthwise output, dy times the transposed 1×1 weights, into the frame: the block's rows, and those that its
  /// input rows gather from.
  void gradient_plane(const SepHalfBlock& block, const float* dy) const {
    const int64_t frame = gradient_frame(s);
    const int64_t first = min(block.out_first, max<int64_t>(0, block.in_first - s.padding()) / STRIDE);
    const int64_t end = max(block.out_end, min(s.out_height(), (block.in_end - 1 + s.padding()) / STRIDE + 1));
    for (int64_t r = first; r < end; r++) {
      const Pixels<const float> from = {dy + r * s.out_width() * s.outputs, s.outputs, kWidth};
      const Pixels<float> to = {scratch.gradient.at(0, r + frame, frame), kWidth, scratch.gradient.vector_step()};
      product(from, s.outputs, packed.transposed, s.out_width(), to, padded(s.channels));
    }
  }

  void weight_gradients(const SepHalfBlock& block, const float* dy) const {
    const int64_t band = band_rows(s), frame = gradient_frame(s);
    for (int64_t first = block.out_first; first < block.out_end; first += band) {
      const int64_t rows = min(band, block.out_end - first);
      if (sums.pointwise) {
        depthwise_band<STRIDE>(s, packed, scratch.forward, first, rows);
        product_gradient(dy + first * s.out_width() * s.outputs, s.outputs, scratch.forward.tile.pixels(), s.channels,
                         rows * s.out_width(), sums.pointwise);
      }
      if (!sums.depthwise) continue;
      const Plane &gradient = scratch.gradient, &plane = scratch.forward.plane;
      for (int64_t v = 0; v < vectors; v++) {
        const RowPair pair = {gradient.at(v, first + frame, frame), gradient.row_step(), plane.at(v, first * STRIDE, 0),
                              plane.row_step() * STRIDE, rows, s.out_width()};
        depthwise_gradient<STRIDE>(pair, scratch.forward.offsets, s.taps(), sums.depthwise + v * s.taps() * kWidth);
      }
    }
  }

  /// Gradient of row h of the ReLU'd input, into scratch.row.
  void gather_row(int64_t h) const {
    for (int64_t v = 0; v < vectors; v++) {
      const float* from = scratch.gradient.at(v, h / STRIDE, 0);
      for (int64_t b = 0; b < min<int64_t>(STRIDE, s.width); b++) {
        const int64_t c = h % STRIDE * STRIDE + b;
        const Taps taps = {scratch.offsets + class_first[c], packed.gather + (v * s.taps() + class_first[c]) * kWidth,
                           class_first[c + 1] - class_first[c]};
        float* to = scratch.row.data + v * scratch.row.group + b * kWidth;
        depthwise_row<1>(taps, (s.width - b + STRIDE - 1) / STRIDE, from, to, STRIDE * kWidth);
      }
    }
  }

  /// From the gradient of the ReLU'd row to that of the row itself: 0 where ReLU cut it off, then through the norm.
  template <bool NORMALISED>
  void finish_row(const float* x, float* dx) const {
    for (int64_t c = 0; c < s.channels; c += kWidth) {
      const int lanes = lanes_at(s.channels, c);
      const NormVectors& norm = packed.norm;
      const Vec mean = load(norm.mean + c), scale = load(norm.scale + c), beta = load(norm.beta + c);
      const float* row = scratch.row.data + c / kWidth * scratch.row.group;
      Vec g = load(scratch.g + c), g_x = load(scratch.g_xhat + c);
      for (int64_t w = 0; w < s.width; w++) {
        const int64_t place = w * s.channels + c;
        Vec value = load_some(x + place, lanes), gradient = load(row + w * kWidth);
        if constexpr (NORMALISED) {
          const Vec centred = value - mean;
          gradient = select_le(fma(centred, scale, beta), zero(), zero(), gradient);
          g += gradient;
          g_x = fma(gradient, centred, g_x);
          gradient *= scale;
        } else {
          gradient = select_le(value, zero(), zero(), gradient);
        }
        if (dx) store_some(dx + place, lanes, gradient);
      }
      store(scratch.g + c, g);
      store(scratch.g_xhat + c, g_x);
    }
  }

  void input_gradient(const SepHalfBlock& block, const float* x, float* dx) const {
    clear(scratch.g, padded(s.channels));
    clear(scratch.g_xhat, padded(s.channels));
    const int64_t step = s.width * s.channels;
    for (int64_t h = block.in_first; h < block.in_end; h++) {
      gather_row(h);
      float* to = dx ? dx + h * step : nullptr;
      if (input.normalised) finish_row<true>(x + h * step, to);
      else finish_row<false>(x + h * step, to);
    }
    if (!sums.g) return;
    for (int64_t c = 0; c < s.channels; c++) {
      sums.g[c] += scratch.g[c];
      sums.g_xhat[c] += static_cast<double>(scratch.g_xhat[c]) * packed.norm.invstd[c];
    }
  }

  /// dy and dx: of the whole batch; dx may be null.
  void block(const SepHalfBlock& block, const float* dy, float* dx) const {
    const int64_t place = block.image * s.height * s.width * s.channels;
    dy += block.image * s.out_height() * s.out_width() * s.outputs;
    gradient_plane(block, dy);
    if (sums.depthwise || sums.pointwise) {
      read_image(input, packed, block, scratch.forward.plane);
      weight_gradients(block, dy);
    }
    if (dx || sums.g) input_gradient(block, input.x + place, dx ? dx + place : nullptr);
  }
};

template <int STRIDE>
inline void backward_run(const SepHalfInput& input, const SepHalfRun& run, const float* dy, float* dx, const SepHalfSums& sums,
                         float* memory) {
  const Backward<STRIDE> pass(input, sums, memory);
  for (int64_t index = run.first; index < run.end; index++) pass.block(run.block(input.shape, index), dy, dx);
}

inline void backward(const SepHalfInput& input, const SepHalfRun& run, const float* dy, float* dx, const SepHalfSums& sums,
                     float* scratch) {
  if (input.shape.stride == 1) backward_run<1>(input, run, dy, dx, sums, scratch);
  else backward_run<2>(input, run, dy, dx, sums, scratch);
}

/// dx −= offset + (x − mean) · slope: what comes back through the statistics.
inline void correct(const SepHalfCorrection& correction, int64_t pixels, int64_t channels, const float* x, float* dx) {
  for (int64_t p = 0; p < pixels; p++, x += channels, dx += channels) {
    for (int64_t c = 0; c < channels; c += kWidth) {
      const int lanes = lanes_at(channels, c);
      const Vec centred = load_some(x + c, lanes) - load_some(correction.mean + c, lanes);
      const Vec shift = fma(centred, load_some(correction.slope + c, lanes), load_some(correction.offset + c, lanes));
      store_some(dx + c, lanes, load_some(dx + c, lanes) - shift);
    }
  }
}

}  // namespace sep_half
