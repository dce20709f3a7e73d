// The kernels for AVX2 with FMA. What they are is in variant_body.h.
#include "variants.h"

#if defined(__x86_64__) || defined(_M_X64)

// Every header before the pragma: what they define inline must stay runnable on any processor.
#include <immintrin.h>

#include <cstdint>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#define TAILNAS_WIDTH 8
#define TAILNAS_NAME "avx2"

namespace tailnas::kernels::avx2 {
#include "variant_body.h"
}  // namespace tailnas::kernels::avx2

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace tailnas::kernels {
const Variant* avx2_variant() { return &avx2::table; }
}  // namespace tailnas::kernels

#else

namespace tailnas::kernels {
const Variant* avx2_variant() { return nullptr; }
}  // namespace tailnas::kernels

#endif
