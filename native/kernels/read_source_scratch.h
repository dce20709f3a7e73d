// Memory of the backward pass, and its loops over pixels.
#pragma once

namespace read_source {

constexpr int64_t kMostClasses = 4;  // of visit_gather, with stride 2

struct BackwardScratch {
  ForwardScratch forward;
  float* result;     // gradient of a band that a convolution wrote, or of a whole pool: [pixels][outputs]
  Plane outputs[2];  // gradient of a depthwise output, of stride 1 and 2
  Plane dense[2];    // gradient of the result of a dense convolution, of stride 1 and 2
  Tile row;          // a row of the gradient of the ReLU
  float* relu;       // gradient of the ReLU: [vectors of c][pixels][kWidth]
  float* direct;     // gradient of x that does not pass the ReLU: [pixels][c]
  float* more;       // to be added to `direct`
  float *g, *g_x;    // [c padded]: sums over one image
  float** point_sums;  // [reader][2]: gradients of weights at Winograd's points, [point][outputs padded][c padded]; null where there are none
};

/// The gradients from which pixels gather, of convolutions of one stride.
struct Gathered {
  int64_t frame;              // how far the gathering taps reach over the edge of the gradient
  int64_t depthwise, dense;  // channels, 0 if there is no such convolution
};
inline Gathered gathered(const ReadSource& all, int64_t stride) {
  Gathered g = {};
  each_convolution(all, [&](int64_t, int64_t, const Convolution& c) {
    if (c.stride != stride || !c.spatial()) return;
    // The last row gathers from output row (height − 1 + padding) / stride.
    g.frame = max(g.frame, max<int64_t>(1, (c.padding() + stride - 1) / stride));
    if (c.dense) g.dense = max(g.dense, c.outputs);
    else g.depthwise = all.source.channels;
  });
  return g;
}

inline BackwardScratch backward_in(const ReadSource& all, Arena& arena) {
  const Source& s = all.source;
  BackwardScratch scratch;
  scratch.forward = forward_in(all, arena);
  const int64_t channels = padded(s.channels);
  int64_t result = 0;
  bool through_relu = false, pools = false;
  for (int64_t r = 0; r < all.count; r++) {
    const Reader& reader = all.readers[r];
    const bool convolution = reader.kind == ReaderKind::convolution;
    (convolution || reader.kind == ReaderKind::relu ? through_relu : pools) = true;
    result = max(result, (convolution ? band_rows(s, reader) * reader.out_width(s) : reader.out_pixels(s)) * reader.channels);
  }
  scratch.result = arena.floats(result);
  for (int64_t stride = 1; stride <= 2; stride++) {
    const Gathered g = gathered(all, stride);
    const int64_t height = (s.height - 1) / stride + 1, width = (s.width - 1) / stride + 1;
    scratch.outputs[stride - 1] = plane_in(arena, g.depthwise, height, width, g.frame);
    scratch.dense[stride - 1] = plane_in(arena, g.dense, height, width, g.frame);
  }
  scratch.row = {arena.floats(s.width * channels), s.width * kWidth};
  scratch.relu = arena.floats(through_relu ? s.pixels() * channels : 0);
  scratch.direct = arena.floats(pools ? s.pixels() * s.channels : 0);
  scratch.more = arena.floats(pools ? s.pixels() * s.channels : 0);
  scratch.g = arena.floats(channels);
  scratch.g_x = arena.floats(channels);
  scratch.point_sums = reinterpret_cast<float**>(arena.integers(2 * all.count));
  each_convolution(all, [&](int64_t r, int64_t p, const Convolution& c) {
    float* sums = suits_winograd(s, c) ? arena.floats(winograd::kPoints * padded(c.outputs) * channels) : nullptr;
    if (arena.block) scratch.point_sums[2 * r + p] = sums;
  });
  return scratch;
}

inline int64_t backward_scratch(const ReadSource& all) {
  Arena arena{nullptr};
  backward_in(all, arena);
  return arena.used;
}

/// Finishes the gradient of some pixels of a result, of `count` channels from `first` on: Σ gain·g − offset − slope·(y − mean). Asks for as many
/// pixels that follow: they come from memory while these are worked on.
inline void finish_result(const ReaderGradient& gradient, int64_t first_pixel, int64_t pixels, int64_t channels, int64_t first,
                          int64_t count, const Pixels<float> out) {
  const int64_t place = first_pixel * channels + first, ahead = pixels * channels;
  for (int64_t c = 0; c < count; c += kWidth) {
    const int lanes = lanes_at(count, c);
    for (int64_t k = 0; k < gradient.count; k++) {
      const LazyTerm& term = gradient.terms[k];
      const float* g = term.g + place + c;
      const Vec gain = term.gain ? load_some(term.gain + first + c, lanes) : splat(1.0f);
      float* to = out.data + c / kWidth * out.group;
      if (k > 0) {
        for (int64_t p = 0; p < pixels; p++, g += channels, to += out.pixel) {
          __builtin_prefetch(g + ahead, 0, 2);
          store_some(to, lanes, fma(gain, load_some(g, lanes), load_some(to, lanes)));
        }
      } else if (!gradient.slope) {
        for (int64_t p = 0; p < pixels; p++, g += channels, to += out.pixel) {
          __builtin_prefetch(g + ahead, 0, 2);
          store_some(to, lanes, gain * load_some(g, lanes));
        }
      } else {
        const Vec mean = load_some(gradient.mean + first + c, lanes), offset = load_some(gradient.offset + first + c, lanes);
        const Vec slope = load_some(gradient.slope + first + c, lanes);
        const float* y = gradient.y + place + c;
        for (int64_t p = 0; p < pixels; p++, g += channels, y += channels, to += out.pixel) {
          __builtin_prefetch(g + ahead, 0, 2);
          __builtin_prefetch(y + ahead, 0, 2);
          store_some(to, lanes, fma(-slope, load_some(y, lanes) - mean, fma(gain, load_some(g, lanes), -offset)));
        }
      }
    }
  }
}

inline void add_to(float* to, const float* from, int64_t floats) {
  int64_t i = 0;
  for (; i + kWidth <= floats; i += kWidth) store_loose(to + i, load_loose(to + i) + load_loose(from + i));
  for (; i < floats; i++) to[i] += from[i];
}

}  // namespace read_source
