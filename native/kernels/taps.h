// The taps of a depthwise convolution, and how those of a row share what they read.
#pragma once

/// `weights` has a vector for each tap; `offsets` says how many floats further than a pixel's first tap it reads. The list knows nothing of
/// kernel size and dilation, so it serves any of them, and the parts of a kernel that the gradient of a strided convolution needs.
struct Taps {
  const int64_t* offsets;
  const float* weights;
  int64_t count;
};

/// How the list is cut into rows of the kernel: each has `taps` of them, `apart` floats from one to the next.
struct TapRows {
  int64_t taps, apart;
};

/// One tap per row where there is no better cut.
inline TapRows rows_of(const int64_t* offsets, int64_t count) {
  if (count < 2) return {1, 0};
  const int64_t apart = offsets[1] - offsets[0];
  int64_t taps = 2;
  while (taps < count && offsets[taps] - offsets[taps - 1] == apart) taps++;
  if (count % taps != 0) return {1, 0};
  for (int64_t first = taps; first < count; first += taps)
    for (int64_t k = 1; k < taps; k++)
      if (offsets[first + k] - offsets[first] != k * apart) return {1, 0};
  return {taps, apart};
}

/// The window over which a row of K taps slides from one to the next of T pixels, STEP vectors apart. Every vector in it is read once,
/// and serves all pixels whose taps meet there:
///
///     vector    0 1 2 3 4 5 6         0 1 2 3 4 5 6 7
///     pixel 0   a b c                 a   b   c
///     pixel 1       a b c               a   b   c        K = 3; left: STEP 2, APART 1, right: STEP 1, APART 2
///     pixel 2           a b c             a   b   c
template <int T, int K, int APART, int STEP>
struct Window {
  static constexpr int size = (T - 1) * STEP + (K - 1) * APART + 1;
  /// The pixel whose tap k is at vector i; or -1.
  static constexpr int pixel(int i, int k) {
    const int from = i - k * APART;
    return from >= 0 && from % STEP == 0 && from / STEP < T ? from / STEP : -1;
  }
  /// Whether any tap is at vector i.
  static constexpr bool read(int i) {
    for (int k = 0; k < K; k++)
      if (pixel(i, k) >= 0) return true;
    return false;
  }
};

/// A vector that is read once for several uses. By default GCC loads it again for each of them, or keeps values for the next iteration
/// of a loop, and spills sums for that.
TAILNAS_INLINE Vec load_once(const float* p) {
  Vec v = load(p);
#if TAILNAS_WIDTH > 4
  asm volatile("" : "+v"(v) : : "memory");
#endif
  return v;
}

/// If the rows have one of KS taps, one or two vectors from one to the next: calls f<K, APART>() with these numbers, and says so.
/// Not with vectors of four floats: windows were measured to lose there, for SSE has few registers and loads are cheap.
template <int... KS, typename F>
inline bool with_window(const TapRows& rows, const F& f) {
  if constexpr (kWidth > 4) {
    const auto of = [&]<int APART>() { return ((rows.taps == KS && (f.template operator()<KS, APART>(), true)) || ...); };
    return (rows.apart == kWidth && of.template operator()<1>()) || (rows.apart == 2 * kWidth && of.template operator()<2>());
  }
  return false;
}
