// A vector of TAILNAS_WIDTH floats, and the few things kernels do with it.
//
// Kernel headers are compiled once for each instruction set, each time inside its own namespace: see variant_body.h. They must not call
// a function of the standard library: a template instantiated there would hold wide instructions, and the linker could hand that copy
// to the rest of the program. What they need of it (min, max) is here.

#define TAILNAS_INLINE inline __attribute__((always_inline))

constexpr int kWidth = TAILNAS_WIDTH;

typedef float Vec __attribute__((vector_size(4 * TAILNAS_WIDTH), may_alias));
typedef float LooseVec __attribute__((vector_size(4 * TAILNAS_WIDTH), may_alias, aligned(4)));

template <typename T>
TAILNAS_INLINE constexpr T min(T a, T b) { return b < a ? b : a; }
template <typename T>
TAILNAS_INLINE constexpr T max(T a, T b) { return a < b ? b : a; }

/// How many vectors hold `n` floats.
TAILNAS_INLINE constexpr int64_t vectors_of(int64_t n) { return (n + kWidth - 1) / kWidth; }
/// `n` rounded up to whole vectors.
TAILNAS_INLINE constexpr int64_t padded(int64_t n) { return vectors_of(n) * kWidth; }
/// How many of the `n` floats lie in the vector that starts at float `at`: kWidth, except for the last vector.
TAILNAS_INLINE constexpr int lanes_at(int64_t n, int64_t at) { return static_cast<int>(min<int64_t>(kWidth, n - at)); }

TAILNAS_INLINE Vec zero() { return Vec{}; }
TAILNAS_INLINE Vec splat(float value) { return value - Vec{}; }  // not `Vec{} + value`: that makes +0 of -0

/// From an address that is a multiple of the vector's size.
TAILNAS_INLINE Vec load(const float* p) { return *reinterpret_cast<const Vec*>(p); }
TAILNAS_INLINE void store(float* p, Vec v) { *reinterpret_cast<Vec*>(p) = v; }
TAILNAS_INLINE Vec load_loose(const float* p) { return *reinterpret_cast<const LooseVec*>(p); }
TAILNAS_INLINE void store_loose(float* p, Vec v) { *reinterpret_cast<LooseVec*>(p) = v; }

/// For instructions that AddressSanitizer does not see: touches the memory that they will.
TAILNAS_INLINE const float* seen(const float* p, int n) {
#ifdef __SANITIZE_ADDRESS__
  for (int i = 0; i < n; i++) static_cast<void>(static_cast<const volatile float*>(p)[i]);
#endif
  static_cast<void>(n);
  return p;
}
TAILNAS_INLINE float* seen(float* p, int n) { return const_cast<float*>(seen(const_cast<const float*>(p), n)); }

#if TAILNAS_WIDTH == 16

TAILNAS_INLINE __mmask16 first_lanes(int n) { return static_cast<__mmask16>((1u << n) - 1u); }
/// The first `n` <= kWidth lanes, from any address; the rest is 0. Touches no memory past them. `stream` stores past the caches: memory is not
/// read before it is written, and nothing that is needed sooner has to leave them. streamed() must follow before another thread reads.
TAILNAS_INLINE Vec load_n(const float* p, int n) { return _mm512_maskz_loadu_ps(first_lanes(n), seen(p, n)); }
TAILNAS_INLINE void store_n(float* p, int n, Vec v) { _mm512_mask_storeu_ps(seen(p, n), first_lanes(n), v); }
TAILNAS_INLINE void stream(float* p, Vec v) { _mm512_stream_ps(seen(p, kWidth), v); }
TAILNAS_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
TAILNAS_INLINE Vec at_least(Vec least, Vec v) { return _mm512_max_ps(least, v); }  // of a NaN the second operand: it stays

#elif TAILNAS_WIDTH == 8

TAILNAS_INLINE __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
TAILNAS_INLINE Vec load_n(const float* p, int n) { return _mm256_maskload_ps(seen(p, n), first_lanes(n)); }
TAILNAS_INLINE void store_n(float* p, int n, Vec v) { _mm256_maskstore_ps(seen(p, n), first_lanes(n), v); }
TAILNAS_INLINE void stream(float* p, Vec v) { _mm256_stream_ps(seen(p, kWidth), v); }
TAILNAS_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
TAILNAS_INLINE Vec at_least(Vec least, Vec v) { return _mm256_max_ps(least, v); }

#else

TAILNAS_INLINE Vec load_n(const float* p, int n) {
  Vec v{};
  for (int i = 0; i < n; i++) v[i] = p[i];
  return v;
}
TAILNAS_INLINE void store_n(float* p, int n, Vec v) {
  for (int i = 0; i < n; i++) p[i] = v[i];
}
TAILNAS_INLINE void stream(float* p, Vec v) { store(p, v); }
TAILNAS_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }  // rounds once or twice, depending on the machine
TAILNAS_INLINE Vec at_least(Vec least, Vec v) { return v < least ? least : v; }  // a NaN stays: it is not below

#endif

#if TAILNAS_WIDTH > 4
TAILNAS_INLINE void streamed() { _mm_sfence(); }
#else
TAILNAS_INLINE void streamed() {}
#endif

TAILNAS_INLINE Vec relu(Vec v) { return at_least(zero(), v); }

/// Whole vectors faster than parts of one: where `n` is kWidth, as it mostly is.
TAILNAS_INLINE Vec load_some(const float* p, int n) { return n == kWidth ? load_loose(p) : load_n(p, n); }
TAILNAS_INLINE void store_some(float* p, int n, Vec v) {
  if (n == kWidth) store_loose(p, v);
  else store_n(p, n, v);
}

/// `a` in the lanes where `x` <= `bound`, `b` in the others and where `x` is NaN.
TAILNAS_INLINE Vec select_le(Vec x, Vec bound, Vec a, Vec b) { return x <= bound ? a : b; }
/// `a` in the lanes where `x` > `bound`, `b` in the others and where either is NaN.
TAILNAS_INLINE Vec select_gt(Vec x, Vec bound, Vec a, Vec b) { return x > bound ? a : b; }

/// Of all lanes, pairwise.
TAILNAS_INLINE float sum(Vec v) {
  float part[kWidth];
  store_loose(part, v);
  for (int half = kWidth / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) part[i] += part[i + half];
  return part[0];
}

/// 0 … n−1 in tiles as large as they fit: calls `f.template operator()<size>(first)` with size T, then T/2 … 1 for the rest.
template <int T, typename F>
TAILNAS_INLINE void in_tiles(int64_t n, const F& f, int64_t first = 0) {
  for (; first + T <= n; first += T) f.template operator()<T>(first);
  if constexpr (T > 1) {
    if (first < n) in_tiles<T / 2>(n, f, first);
  }
}
