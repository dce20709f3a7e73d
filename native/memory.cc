// The allocator behind every CPU tensor. It counts, so that memory can be reported and predicted to the byte, and it keeps freed blocks:
// a search step asks for the same sizes again and again, and mapping, touching and unmapping fresh pages costs as much as the arithmetic on them.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include <sys/mman.h>

#include "exports.h"
#ifdef __SANITIZE_ADDRESS__
#include "exact_allocator.h"
#endif

namespace tailnas {
namespace {

constexpr size_t kAlignment = 64;      // a vector register, and the header's size
constexpr size_t kPooled = 64 << 10;   // smaller blocks are the C library's business: it reuses them well
constexpr size_t kHugePage = 2 << 20;  // larger blocks are mapped, not the C library's
constexpr size_t kPage = 4096;

/// Stands just before the bytes that a tensor sees.
struct alignas(kAlignment) Header {
  size_t capacity;  // bytes after the header
};

class PoolAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t n) override {
    if (n == 0) return {nullptr, nullptr, &PoolAllocator::free_block, c10::Device(c10::DeviceType::CPU)};
    Header* block = take(n);
    void* data = block + 1;
    return {data, data, &PoolAllocator::free_block, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &PoolAllocator::free_block; }
  void copy_data(void* dest, const void* src, std::size_t count) const override { std::memcpy(dest, src, count); }

  struct Stats {
    size_t live, peak, kept;
  };
  Stats stats() {
    const std::lock_guard lock(mutex_);
    return {live_, peak_, kept_};
  }
  void reset_peak() {
    const std::lock_guard lock(mutex_);
    peak_ = live_;
  }
  void trim() {
    const std::lock_guard lock(mutex_);
    shrink(0);
  }

  static PoolAllocator& instance() {
    static auto* allocator = new PoolAllocator;  // never destroyed: tensors may outlive every static
    return *allocator;
  }

 private:
  static size_t rounded(size_t n) {
    const size_t step = n >= kHugePage ? kPooled : kAlignment;
    return (n + step - 1) / step * step;
  }

  Header* take(size_t n) {
    // Near the top of the address space the rounding below would wrap round to something small.
    if (n > SIZE_MAX / 2) throw std::bad_alloc();
    const size_t size = rounded(n);
    const std::lock_guard lock(mutex_);
    if (size >= kPooled) {
      // A block up to an eighth too large is taken: near misses would otherwise pile up as garbage.
      const auto it = free_.lower_bound(size);
      if (it != free_.end() && it->first <= size + size / 8) {
        Header* block = it->second;
        free_.erase(it);
        kept_ -= block->capacity;
        count(block->capacity);
        return block;
      }
      // Kept blocks that no longer fit anything must not add up: in all we hold at most a tenth more than the largest live amount.
      const size_t most = peak_ + peak_ / 10 + (64 << 20);
      if (live_ + kept_ + size > most) shrink(live_ + size < most ? most - live_ - size : 0);
    }
    void* memory = system_alloc(size);
    if (!memory) {
      shrink(0);
      memory = system_alloc(size);
    }
    if (!memory) throw std::runtime_error("out of memory: " + std::to_string(n) + " bytes could not be had");
    auto* block = static_cast<Header*>(memory);
    block->capacity = size;
    count(size);
    return block;
  }

  // Large blocks are mapped one beside the other: aligned to huge pages each would waste half a huge page on average.
  static size_t mapped(size_t capacity) { return (capacity + sizeof(Header) + kPage - 1) / kPage * kPage; }

  static void* system_alloc(size_t capacity) {
    if (capacity < kHugePage) {
      void* memory = nullptr;
      return posix_memalign(&memory, kAlignment, capacity + sizeof(Header)) == 0 ? memory : nullptr;
    }
    void* memory = mmap(nullptr, mapped(capacity), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
    madvise(memory, mapped(capacity), MADV_HUGEPAGE);
#endif
    return memory;
  }

  static void system_free(Header* block) {
    if (block->capacity < kHugePage)
      std::free(block);
    else
      munmap(block, mapped(block->capacity));
  }

  void give(Header* block) {
    const std::lock_guard lock(mutex_);
    live_ -= block->capacity;
    if (block->capacity < kPooled) {
      system_free(block);
      return;
    }
    kept_ += block->capacity;
    free_.emplace(block->capacity, block);
  }

  void shrink(size_t most) {
    while (kept_ > most && !free_.empty()) {
      const auto it = std::prev(free_.end());
      kept_ -= it->first;
      system_free(it->second);
      free_.erase(it);
    }
  }

  void count(size_t n) {
    live_ += n;
    if (live_ > peak_) peak_ = live_;
  }

  static void free_block(void* data) {
    if (data) instance().give(static_cast<Header*>(data) - 1);
  }

  std::mutex mutex_;
  std::multimap<size_t, Header*> free_;
  size_t live_ = 0, peak_ = 0, kept_ = 0;
};

#ifdef __SANITIZE_ADDRESS__
using CpuAllocator = ExactAllocator;
#else
using CpuAllocator = PoolAllocator;
#endif

// memory(resetPeak) -> [live, peak, kept] bytes of CPU tensors
napi_value memory(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot read memory statistics", [&] {
    const Args args(env, info);
    auto& allocator = CpuAllocator::instance();
    const auto s = allocator.stats();
    if (get_bool(env, args[0])) allocator.reset_peak();
    const std::vector<double> out{double(s.live), double(s.peak), double(s.kept)};
    return make_array(env, out, [&](double d) { return make(env, d); });
  });
}

napi_value trim(napi_env env, napi_callback_info) {
  return guarded(env, "Cannot return memory", [&] {
    CpuAllocator::instance().trim();
    return make_undefined(env);
  });
}

}  // namespace

std::vector<Export> memory_exports() {
  c10::SetCPUAllocator(&CpuAllocator::instance(), 1);
  return {{"memory", memory}, {"trim", trim}};
}

}  // namespace tailnas
