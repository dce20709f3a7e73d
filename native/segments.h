// The memory behind large tensors: segments of huge pages, each mapped whole and carved into blocks. Blocks of all sizes lie side by side, a
// freed one joins its free neighbours, and pages that were touched once serve sizes that were never asked for before.
//
// Segments have their places on one line in the order in which they were mapped, wherever the system put them: a place that
// is lower is warm for longer, so the last segment is touched only when the others are full.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>

#include <sys/mman.h>

#include "ranges.h"

namespace tailnas {

struct Block {
  std::byte* memory;
  size_t place;  // on the line of all segments
};

class Segments {
 public:
  /// A block from what is mapped already; nothing when no free range has it.
  std::optional<Block> take(size_t size) {
    const auto place = free_.take(size);
    if (!place) return std::nullopt;
    auto& [start, segment] = *std::prev(segments_.upper_bound(*place));
    const size_t end = *place + size - start;
    if (end > segment.touched) {
      kept_ += end - segment.touched;
      segment.touched = end;
    }
    kept_ -= size;
    return Block{segment.memory + (*place - start), *place};
  }

  void give(size_t place, size_t size) {
    free_.give(place, size);
    kept_ += size;
  }

  /// Maps another segment, just large enough for `size` when one of the usual length cannot be had. False when the system refuses.
  bool grow(size_t size) {
    const size_t least = whole(size, kHugePage);
    return map(std::max(least, kUsual)) || (least < kUsual && map(least));
  }

  /// Unmaps free segments, the last first, until at most `most` bytes are kept, or no segment is free from end to end.
  void shrink(size_t most) {
    for (auto it = segments_.end(); it != segments_.begin() && kept_ > most;) {
      --it;
      const auto& [start, segment] = *it;
      if (!free_.withdraw(start, segment.length)) continue;
      kept_ -= segment.touched;
      munmap(segment.mapping, segment.length + kHugePage);
      it = segments_.erase(it);
    }
  }

  /// Bytes that are free and were used before. What no block has reached yet is address space, not memory.
  size_t kept() const { return kept_; }

 private:
  static constexpr size_t kHugePage = 2 << 20;
  static constexpr size_t kUsual = 256 << 20;

  struct Segment {
    void* mapping;
    std::byte* memory;  // the first huge page in the mapping, which is one longer than the segment
    size_t length;
    size_t touched = 0;  // bytes that blocks have reached
  };

  static size_t whole(size_t n, size_t step) { return (n + step - 1) / step * step; }

  bool map(size_t length) {
    void* mapping = mmap(nullptr, length + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return false;
    auto* memory = reinterpret_cast<std::byte*>(whole(reinterpret_cast<size_t>(mapping), kHugePage));
#ifdef MADV_HUGEPAGE
    madvise(memory, length, MADV_HUGEPAGE);
#endif
    segments_.emplace(end_, Segment{mapping, memory, length});
    free_.give(end_, length);
    end_ += length + 1;  // ranges of two segments must never touch
    return true;
  }

  std::map<size_t, Segment> segments_;  // by place
  Ranges free_;
  size_t end_ = 0, kept_ = 0;
};

}  // namespace tailnas
