// Every tensor a block of the C library, in builds with AddressSanitizer: see exact_memory.h.
#pragma once

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

namespace tailnas {

/// Counts as the pool does, and keeps nothing.
class ExactAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t n) override {
    void* data = nullptr;
    if (n > SIZE_MAX / 2) throw std::bad_alloc();
    if (n > 0 && posix_memalign(&data, 64, n) != 0) throw std::runtime_error("out of memory: " + std::to_string(n) + " bytes could not be had");
    const size_t live = live_ += n;
    for (size_t peak = peak_; live > peak && !peak_.compare_exchange_weak(peak, live);) {
    }
    return {data, data, &ExactAllocator::free_block, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &ExactAllocator::free_block; }
  void copy_data(void* dest, const void* src, std::size_t count) const override { std::memcpy(dest, src, count); }

  struct Stats {
    size_t live, peak, kept;
  };
  Stats stats() const { return {live_, peak_, 0}; }
  void reset_peak() { peak_ = live_.load(); }
  void trim() {}

  static ExactAllocator& instance() {
    static auto* allocator = new ExactAllocator;  // never destroyed: tensors may outlive every static
    return *allocator;
  }

 private:
  static void free_block(void* data) {
    if (!data) return;
    // To the byte: AddressSanitizer answers with what was asked for.
    instance().live_ -= malloc_usable_size(data);
    std::free(data);
  }

  std::atomic<size_t> live_ = 0, peak_ = 0;
};

}  // namespace tailnas
