// 3×3 pooling, forward and backward. All four passes gather: each float written is computed from up to nine that are read. So nothing
// is cleared first, rows are independent of each other, and the order of additions does not depend on threads.
//
//     forward, stride 1:   y(o) reads x of o−1 … o+1            backward:   dx(i) reads dy of i−1 … i+1
//     forward, stride 2:   y(o) reads x of 2o−1 … 2o+1          backward:   dx(i) reads dy of ⌈(i−1)/2⌉ … ⌊(i+1)/2⌋, one or two
namespace pools {

typedef int32_t Ints __attribute__((vector_size(4 * TAILNAS_WIDTH), may_alias));
typedef uint8_t Bytes __attribute__((vector_size(TAILNAS_WIDTH), aligned(1), may_alias));

#if TAILNAS_WIDTH == 8
TAILNAS_INLINE Ints load_taps(const uint8_t* p) {  // the compiler would widen byte by byte
  return (Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
#else
TAILNAS_INLINE Ints load_taps(const uint8_t* p) { return __builtin_convertvector(*reinterpret_cast<const Bytes*>(p), Ints); }
#endif
TAILNAS_INLINE void store_taps(uint8_t* p, Ints v) { *reinterpret_cast<Bytes*>(p) = __builtin_convertvector(v, Bytes); }
TAILNAS_INLINE Ints load_taps_n(const uint8_t* p, int n) {
  uint8_t part[kWidth] = {};
  for (int i = 0; i < n; i++) part[i] = p[i];
  return load_taps(part);
}
TAILNAS_INLINE void store_taps_n(uint8_t* p, int n, Ints v) {
  uint8_t part[kWidth];
  store_taps(part, v);
  for (int i = 0; i < n; i++) p[i] = part[i];
}

/// The weight of each of n pixels in their mean.
constexpr float kShare[] = {0, 1, 1.0f / 2, 1.0f / 3, 1.0f / 4, 0, 1.0f / 6, 0, 0, 1.0f / 9};

/// Rows or columns, from `begin` to before `end`.
struct Span {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

/// The inputs that an output reads, along one side of the image.
TAILNAS_INLINE Span inputs_of(int64_t out, int64_t stride, int64_t size) {
  return {max<int64_t>(0, out * stride - 1), min(size, out * stride + 2)};
}
/// The outputs that read an input.
TAILNAS_INLINE Span outputs_of(int64_t in, int64_t stride, int64_t out_size) {
  if (stride == 1) return {max<int64_t>(0, in - 1), min(out_size, in + 2)};
  return {in == 0 ? 0 : (in + stride - 2) / stride, min(out_size, (in + 1) / stride + 1)};
}

/// Columns whose reads differ only by a shift. Their pixels are `step` apart in the output, and a stride apart in the input. With stride 1
/// they are adjacent in both, and form one run of floats for any number of channels.
struct Run {
  int64_t floats, repeats;
  int64_t out_step, from_step;  // floats
};

TAILNAS_INLINE Run run_of(int64_t columns, int64_t channels, int64_t out_step, int64_t from_step) {
  if (out_step == 1 && from_step == 1) return {columns * channels, 1, 0, 0};
  return {channels, columns, out_step * channels, from_step * channels};
}

/// Calls f(first, count) for columns first, first + step …: those in `inner` together, the others one by one.
template <typename F>
TAILNAS_INLINE void in_columns(int64_t size, Span inner, int64_t step, const F& f) {
  for (int64_t x = 0; x < min(inner.begin, size); x++) f(x, 1);
  for (int64_t x = inner.begin; x < min(inner.begin + step, inner.end); x++) f(x, (inner.end - x + step - 1) / step);
  for (int64_t x = max(inner.begin, inner.end); x < size; x++) f(x, 1);
}

/// The sources of a float of a run: the floats at these offsets from its own place.
struct Sources {
  int count = 0;
  int64_t at[9];
  int32_t tap[9];   // max: the position of the pixel in the window, 0 … 8
  float weight[9];  // avg
};

/// Calls f(out, from, lanes) for vectors that cover a run: offsets where it is written and read, and how many floats. The last vector
/// overlaps floats that are done already, if there are enough.
template <typename F>
TAILNAS_INLINE void in_vectors(const Run& run, const F& f) {
  for (int64_t r = 0; r < run.repeats; r++) {
    const int64_t out = r * run.out_step, from = r * run.from_step;
    int64_t i = 0;
    for (; i + kWidth <= run.floats; i += kWidth) f(out + i, from + i, kWidth);
    if (i == run.floats) continue;
    if (i > 0) f(out + run.floats - kWidth, from + run.floats - kWidth, kWidth);
    else f(out, from, static_cast<int>(run.floats));
  }
}

/// Calls f.operator()<N>() with the number of sources: those that are common as a constant, so that the loop over them unrolls; else 0.
template <typename F>
TAILNAS_INLINE void with_count(int count, const F& f) {
  switch (count) {
    case 1: return f.template operator()<1>();
    case 2: return f.template operator()<2>();
    case 4: return f.template operator()<4>();
    case 6: return f.template operator()<6>();
    case 9: return f.template operator()<9>();
    default: return f.template operator()<0>();
  }
}

// ---- What a run does with its sources ----

/// `v` and its tap where v is greater than the best so far, or NaN.
template <bool Taps>
TAILNAS_INLINE void take_greater(Vec& best, Ints& tap, Vec v, int32_t its_tap) {
#if TAILNAS_WIDTH == 16
  // The compiler would carry the comparisons out of the mask registers and back.
  const __mmask16 taken = _mm512_cmp_ps_mask(v, best, _CMP_GT_OQ) | _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  best = _mm512_mask_mov_ps(best, taken, v);
  if (Taps) tap = (Ints)_mm512_mask_set1_epi32((__m512i)tap, taken, its_tap);
#else
  const auto taken = (v > best) | (v != v);
  best = taken ? v : best;
  if (Taps) tap = taken ? its_tap - Ints{} : tap;
#endif
}

/// The first of the greatest; the last NaN if there is one, as ATen's max_pool2d has it.
template <int N, bool Taps>
inline void max_run(Sources from, const Run& run, const float* x, float* y, uint8_t* taps) {
  const int count = N > 0 ? N : from.count;
  in_vectors(run, [&](int64_t out, int64_t in, int lanes) {
    Vec best = load_some(x + in + from.at[0], lanes);
    Ints tap = from.tap[0] - Ints{};
    for (int s = 1; s < count; s++) take_greater<Taps>(best, tap, load_some(x + in + from.at[s], lanes), from.tap[s]);
    store_some(y + out, lanes, best);
    if (!Taps) return;
    if (lanes == kWidth) store_taps(taps + out, tap);
    else store_taps_n(taps + out, lanes, tap);
  });
}

/// `total` plus dy where the output took this tap.
TAILNAS_INLINE Vec add_taken(Vec total, const float* dy, const uint8_t* taps, int32_t tap, int lanes) {
#if TAILNAS_WIDTH == 16
  // The compiler would widen the bytes first.
  if (lanes == kWidth) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(taps));
    const __mmask16 taken = _mm_cmpeq_epi8_mask(bytes, _mm_set1_epi8(static_cast<char>(tap)));
    return _mm512_mask_add_ps(total, taken, total, load_loose(dy));
  }
#endif
  const Ints where = lanes == kWidth ? load_taps(taps) : load_taps_n(taps, lanes);
  return total + (where == tap ? load_some(dy, lanes) : zero());
}

/// Σ of the gradients of the outputs that took this pixel.
template <int N>
inline void taken_run(Sources from, const Run& run, const float* dy, const uint8_t* taps, float* dx) {
  const int count = N > 0 ? N : from.count;
  in_vectors(run, [&](int64_t out, int64_t in, int lanes) {
    Vec total = zero();
    for (int s = 0; s < count; s++) total = add_taken(total, dy + in + from.at[s], taps + in + from.at[s], from.tap[s], lanes);
    store_some(dx + out, lanes, total);
  });
}

template <int N>
inline void weighted_run(Sources from, const Run& run, const float* x, float* y) {
  const int count = N > 0 ? N : from.count;
  in_vectors(run, [&](int64_t out, int64_t in, int lanes) {
    Vec total = zero();
    for (int s = 0; s < count; s++) total = fma(splat(from.weight[s]), load_some(x + in + from.at[s], lanes), total);
    store_some(y + out, lanes, total);
  });
}

// ---- Rows: f(sources, run, at) for every run of a row of the result, which begins `at` floats into it ----

template <typename F>
TAILNAS_INLINE void forward_row(const PoolShape& shape, int64_t row, const F& f) {
  const int64_t c = shape.channels, w = shape.width, h = shape.height, stride = shape.stride, out_w = shape.out_width();
  const int64_t oy = row % shape.out_height(), image = row / shape.out_height() * h;
  const Span ys = inputs_of(oy, stride, h);
  in_columns(out_w, {1, (w - 2 + stride) / stride}, 1, [&](int64_t ox, int64_t columns) {
    const Span xs = inputs_of(ox, stride, w);
    Sources from;
    for (int64_t iy = ys.begin; iy < ys.end; iy++)
      for (int64_t ix = xs.begin; ix < xs.end; ix++) {
        from.at[from.count] = ((image + iy) * w + ix) * c;
        from.tap[from.count] = static_cast<int32_t>((iy - oy * stride + 1) * 3 + ix - ox * stride + 1);
        from.weight[from.count++] = kShare[ys.size() * xs.size()];
      }
    f(from, run_of(columns, c, 1, stride), (row * out_w + ox) * c);
  });
}

/// `full`: the outputs along a row that read like their neighbours.
template <typename F>
TAILNAS_INLINE void backward_row(const PoolShape& shape, int64_t row, Span full, const F& f) {
  const int64_t c = shape.channels, w = shape.width, h = shape.height, stride = shape.stride;
  const int64_t out_w = shape.out_width(), out_h = shape.out_height();
  const int64_t iy = row % h, image = row / h * out_h;
  const Span ys = outputs_of(iy, stride, out_h);
  // The inputs that only these outputs read.
  in_columns(w, {full.begin + 1, min(w, full.end * stride - 1)}, stride, [&](int64_t ix, int64_t columns) {
    const Span xs = outputs_of(ix, stride, out_w);
    Sources from;
    for (int64_t oy = ys.begin; oy < ys.end; oy++)
      for (int64_t ox = xs.begin; ox < xs.end; ox++) {
        from.at[from.count] = ((image + oy) * out_w + ox) * c;
        from.tap[from.count] = static_cast<int32_t>((iy - oy * stride + 1) * 3 + ix - ox * stride + 1);
        from.weight[from.count++] = kShare[inputs_of(oy, stride, h).size() * inputs_of(ox, stride, w).size()];
      }
    f(from, run_of(columns, c, stride, 1), (row * w + ix) * c);
  });
}

inline void max_forward(const PoolShape& shape, PoolRows rows, const float* x, float* y, uint8_t* taps) {
  for (int64_t row = rows.begin; row < rows.end; row++)
    forward_row(shape, row, [&](const Sources& from, const Run& run, int64_t at) {
      with_count(from.count, [&]<int N>() {
        if (taps != nullptr) max_run<N, true>(from, run, x, y + at, taps + at);
        else max_run<N, false>(from, run, x, y + at, nullptr);
      });
    });
}

inline void max_backward(const PoolShape& shape, PoolRows rows, const float* dy, const uint8_t* taps, float* dx) {
  for (int64_t row = rows.begin; row < rows.end; row++)
    backward_row(shape, row, {0, shape.out_width()}, [&](const Sources& from, const Run& run, int64_t at) {
      with_count(from.count, [&]<int N>() { taken_run<N>(from, run, dy, taps, dx + at); });
    });
}

/// The mean counts only pixels inside the image.
inline void avg_forward(const PoolShape& shape, PoolRows rows, const float* x, float* y) {
  for (int64_t row = rows.begin; row < rows.end; row++)
    forward_row(shape, row, [&](const Sources& from, const Run& run, int64_t at) {
      with_count(from.count, [&]<int N>() { weighted_run<N>(from, run, x, y + at); });
    });
}

inline void avg_backward(const PoolShape& shape, PoolRows rows, const float* dy, float* dx) {
  const Span full{1, (shape.width - 2 + shape.stride) / shape.stride};  // at the edge the mean is of fewer pixels
  for (int64_t row = rows.begin; row < rows.end; row++)
    backward_row(shape, row, full, [&](const Sources& from, const Run& run, int64_t at) {
      with_count(from.count, [&]<int N>() { weighted_run<N>(from, run, dy, dx + at); });
    });
}

}  // namespace pools
