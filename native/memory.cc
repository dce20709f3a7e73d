// The allocator behind every CPU tensor. It counts, so that memory can be reported and predicted to the byte, and it keeps freed blocks:
// a search step asks for the same sizes again and again, and mapping, touching and unmapping fresh pages costs as much as the arithmetic on them.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "exports.h"
#include "segments.h"
#ifdef __SANITIZE_ADDRESS__
#include "exact_allocator.h"
#endif

namespace tailnas {
namespace {

constexpr size_t kAlignment = 64;    // a vector register, and the header's size
constexpr size_t kLarge = 64 << 10;  // smaller blocks are the C library's business: it reuses them well

/// Stands just before the bytes that a tensor sees.
struct alignas(kAlignment) Header {
  size_t size;   // bytes after the header: those that the tensor asked for, in whole vector registers
  size_t place;  // among the segments, of a large block
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
    return {live_, peak_, segments_.kept()};
  }
  void reset_peak() {
    const std::lock_guard lock(mutex_);
    peak_ = live_;
  }
  void trim() {
    const std::lock_guard lock(mutex_);
    segments_.shrink(0);
  }

  static PoolAllocator& instance() {
    static auto* allocator = new PoolAllocator;  // never destroyed: tensors may outlive every static
    return *allocator;
  }

 private:
  Header* take(size_t n) {
    // Near the top of the address space the rounding below would wrap round to something small.
    if (n > SIZE_MAX / 2) throw std::bad_alloc();
    const size_t size = (n + kAlignment - 1) / kAlignment * kAlignment;
    const std::lock_guard lock(mutex_);
    auto block = try_take(size);
    if (!block) {
      segments_.shrink(0);
      block = try_take(size);
    }
    if (!block) throw std::runtime_error("out of memory: " + std::to_string(n) + " bytes could not be had");
    live_ += size;
    if (live_ > peak_) peak_ = live_;
    return new (block->memory) Header{size, block->place};
  }

  std::optional<Block> try_take(size_t size) {
    const size_t length = size + sizeof(Header);
    if (size < kLarge) {
      void* memory = nullptr;
      if (posix_memalign(&memory, kAlignment, length) != 0) return std::nullopt;
      return Block{static_cast<std::byte*>(memory), 0};
    }
    if (const auto block = segments_.take(length)) return block;
    // Kept segments that no longer fit anything must not add up: free ones go until we hold at most a tenth more than the largest live amount.
    const size_t most = peak_ + peak_ / 10 + (64 << 20);
    segments_.shrink(live_ + size < most ? most - live_ - size : 0);
    return segments_.grow(length) ? segments_.take(length) : std::nullopt;
  }

  void give(Header* header) {
    const std::lock_guard lock(mutex_);
    live_ -= header->size;
    if (header->size < kLarge)
      std::free(header);
    else
      segments_.give(header->place, header->size + sizeof(Header));
  }

  static void free_block(void* data) {
    if (data) instance().give(static_cast<Header*>(data) - 1);
  }

  std::mutex mutex_;
  Segments segments_;
  size_t live_ = 0, peak_ = 0;
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
