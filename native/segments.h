// The memory behind large tensors: segments of huge pages, each mapped whole and carved into ranges. Blocks of any size then lie side by side on
// huge pages, what is freed joins its free neighbours, and pages that were touched once serve sizes that were never asked for before.
//
//   mapping    |  unused  |  segment, aligned to a huge page: used | free | used | free ...  |  unused, at least a page  |
//
// The unused ends cost address space only, and keep free ranges of two segments from ever touching.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>

#include <sys/mman.h>

#include "ranges.h"

namespace tailnas {

class Segments {
 public:
  /// A block from the ranges that are free already; null when none has it.
  void* take(size_t size) {
    const auto start = free_.take(size);
    if (!start) return nullptr;
    Segment& segment = std::prev(segments_.upper_bound(*start))->second;
    const size_t end = *start + size;
    if (end > segment.touched) {
      kept_ += end - segment.touched;
      segment.touched = end;
    }
    kept_ -= size;
    return reinterpret_cast<void*>(*start);
  }

  void give(void* block, size_t size) {
    free_.give(reinterpret_cast<size_t>(block), size);
    kept_ += size;
  }

  /// Maps another segment, just large enough for `size` when the usual length cannot be had. False when the system refuses.
  bool grow(size_t size) {
    const size_t least = (size + kHugePage - 1) / kHugePage * kHugePage;
    return map(std::max(least, kUsual)) || (least < kUsual && map(least));
  }

  /// Returns free segments to the system until at most `most` bytes are kept, or none is free from end to end.
  void shrink(size_t most) {
    for (auto it = segments_.begin(); it != segments_.end() && kept_ > most;) {
      const auto& [start, segment] = *it;
      if (!free_.withdraw(start, segment.length)) {
        ++it;
        continue;
      }
      kept_ -= segment.touched - start;
      munmap(segment.mapping, segment.length + kHugePage);
      it = segments_.erase(it);
    }
  }

  /// Bytes that were used and are free now. What no block has reached yet is address space, not memory.
  size_t kept() const { return kept_; }

 private:
  static constexpr size_t kHugePage = 2 << 20;
  static constexpr size_t kUsual = 256 << 20;

  struct Segment {
    void* mapping;
    size_t length;
    size_t touched;  // where the part begins that no block has reached
  };

  bool map(size_t length) {
    void* mapping = mmap(nullptr, length + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return false;
    const size_t start = (reinterpret_cast<size_t>(mapping) + kHugePage - 1) / kHugePage * kHugePage;
#ifdef MADV_HUGEPAGE
    madvise(reinterpret_cast<void*>(start), length, MADV_HUGEPAGE);
#endif
    segments_.emplace(start, Segment{mapping, length, start});
    free_.give(start, length);
    return true;
  }

  std::map<size_t, Segment> segments_;  // by start
  Ranges free_;
  size_t kept_ = 0;
};

}  // namespace tailnas
