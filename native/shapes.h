#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/stack.h>

#include <vector>

namespace tailnas {

/// Shapes of the tensors that an operator may change: one that fails half way, as a resize without memory does, must not leave a tensor
/// with a shape that its memory does not have, since whatever reads it next would read outside.
class Shapes {
 public:
  void remember(const torch::jit::Stack& stack) {
    for (const auto& v : stack)
      if (v.isTensor() && v.toTensor().defined() && v.toTensor().layout() == at::kStrided) {
        const auto& t = v.toTensor();
        kept_.push_back({t, t.sizes().vec(), t.strides().vec(), t.storage_offset()});
      }
  }
  void restore() const {
    for (const auto& k : kept_)
      if (k.tensor.sizes() != at::IntArrayRef(k.sizes))
        k.tensor.unsafeGetTensorImpl()->set_sizes_and_strides(k.sizes, k.strides, k.offset);
  }

 private:
  struct Kept {
    at::Tensor tensor;
    std::vector<int64_t> sizes, strides;
    int64_t offset;
  };
  std::vector<Kept> kept_;
};

}  // namespace tailnas
