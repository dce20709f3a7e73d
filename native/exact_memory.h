// Memory as AddressSanitizer can watch it: it knows the blocks of the C library, not what others cut from them. See test/sanitize.ts.
#pragma once

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include <cstddef>

namespace tailnas {

#ifdef __SANITIZE_ADDRESS__

/// Whether blocks must be just as large as was asked for, and new each time.
constexpr bool kExactMemory = true;
constexpr size_t kGap = 64;  // bytes between two pieces of a block: a whole vector past the end of one is still none of the next

inline void forbid(const void* p, size_t bytes) { __asan_poison_memory_region(p, bytes); }
inline void permit(const void* p, size_t bytes) { __asan_unpoison_memory_region(p, bytes); }

#else

constexpr bool kExactMemory = false;
constexpr size_t kGap = 0;

inline void forbid(const void*, size_t) {}
inline void permit(const void*, size_t) {}

#endif

}  // namespace tailnas
