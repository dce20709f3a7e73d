// Which of the kernels' variants this process uses.
#include "variants.h"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <string>

namespace tailnas::kernels {
namespace {

bool has_avx512() {
#if defined(__x86_64__) || defined(_M_X64)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

bool has_avx2() {
#if defined(__x86_64__) || defined(_M_X64)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

/// The value of TAILNAS_KERNELS; null if unset.
const char* wanted() {
  const char* name = std::getenv("TAILNAS_KERNELS");
  return name == nullptr || *name == '\0' ? nullptr : name;
}

const Variant* choose() {
  const Variant* avx512 = has_avx512() ? avx512_variant() : nullptr;
  const Variant* avx2 = has_avx2() ? avx2_variant() : nullptr;
  if (wanted() == nullptr) return avx512 ? avx512 : avx2 ? avx2 : portable_variant();

  const std::string name = wanted();
  TORCH_CHECK(name == "avx512" || name == "avx2" || name == "portable",
              "TAILNAS_KERNELS must be avx512, avx2, portable or composite, got ", name);
  const Variant* chosen = name == "avx512" ? avx512 : name == "avx2" ? avx2 : portable_variant();
  TORCH_CHECK(chosen, "TAILNAS_KERNELS names an instruction set that this processor does not have, ", name);
  return chosen;
}

}  // namespace

const Variant& variant() {
  static const Variant* chosen = choose();  // a failed choice throws, and is tried again at the next call
  return *chosen;
}

const Variant& variant(int64_t channels) {
  static const Variant* narrow = wanted() == nullptr && has_avx2() ? avx2_variant() : nullptr;
  const Variant& widest = variant();
  return narrow != nullptr && channels <= narrow->read_source.width && narrow->read_source.width < widest.read_source.width ? *narrow : widest;
}

}  // namespace tailnas::kernels
