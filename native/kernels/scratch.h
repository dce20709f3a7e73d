// Memory of a thread that outlives the call, so that no step allocates.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "exact_memory.h"

namespace tailnas::kernels {

/// Grown, never shrunk. Declare it `thread_local`: a caller must be done with its memory before requesting it again.
class Scratch {
 public:
  /// Not cleared; starts at a multiple of 64 bytes.
  float* floats(int64_t count) {
    if (kExactMemory || count > size_) {
      memory_.reset();
      size_ = 0;
      void* memory = nullptr;
      if (posix_memalign(&memory, 64, static_cast<size_t>(count) * sizeof(float)) != 0) throw std::bad_alloc();
      memory_.reset(static_cast<float*>(memory));
      size_ = count;
    }
    return memory_.get();
  }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> memory_;
  int64_t size_ = 0;
};

}  // namespace tailnas::kernels
