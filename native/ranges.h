// The free ranges of a line of numbers, by size and by place: what the allocator carves large tensors from. It knows nothing of memory.
#pragma once
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace tailnas {

class Ranges {
 public:
  /// Takes `size` from the start of the smallest range that has it, the lowest among equals; nothing when none has.
  std::optional<size_t> take(size_t size) {
    const auto fit = by_size_.lower_bound({size, 0});
    if (fit == by_size_.end()) return std::nullopt;
    const auto [whole, start] = *fit;
    remove(by_start_.find(start));
    if (whole > size) add(start + size, whole - size);
    return start;
  }

  /// Makes [start, start + size) free, as one with the free ranges that touch it.
  void give(size_t start, size_t size) {
    size_t end = start + size;
    auto after = by_start_.lower_bound(start);
    if (after != by_start_.end() && after->first == end) {
      end += after->second;
      after = remove(after);
    }
    if (after != by_start_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == start) {
        start = before->first;
        remove(before);
      }
    }
    add(start, end - start);
  }

  /// Takes exactly the free range [start, start + size), if it is one from end to end.
  bool withdraw(size_t start, size_t size) {
    const auto range = by_start_.find(start);
    if (range == by_start_.end() || range->second != size) return false;
    remove(range);
    return true;
  }

 private:
  using ByStart = std::map<size_t, size_t>;  // start → size

  void add(size_t start, size_t size) {
    by_start_.emplace(start, size);
    by_size_.emplace(size, start);
  }
  ByStart::iterator remove(ByStart::iterator range) {
    by_size_.erase({range->second, range->first});
    return by_start_.erase(range);
  }

  ByStart by_start_;
  std::set<std::pair<size_t, size_t>> by_size_;  // (size, start)
};

}  // namespace tailnas
