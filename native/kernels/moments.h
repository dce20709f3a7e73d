// The batch-norm statistics of a tensor, in one small tensor, and the meaning of that small tensor's gradient.
//
// moments: [3, channels], the rows mean, variance, 1/√(variance + ε); [1, channels] of zeros if the tensor is not normalised.
//
// The gradient of a result y that has moments is *lazy*. The reader of y (node_sum, or read_source after a norm) does not compute dy. It gives
// y the gradient g of its own result, in memory shared by all that it read. It gives the moments the rows gain, offset and slope, with which
//
//     dy = gain·g − offset − slope·(y − mean)          [1, channels]: the row gain alone
//
// read_source, which computed y, does this while it reads g, so no gradient of a branch is ever stored. A result with moments therefore
// has one reader; read_source returns as many copies of it (of the same memory) as there are readers.
#pragma once

#include <ATen/core/Tensor.h>

namespace tailnas::kernels {

constexpr double kEpsilon = 1e-5;
constexpr double kMomentum = 0.1;

struct Moments {
  const float *mean, *variance, *invstd;  // [c], null if there are none
};

/// Of a contiguous float32 tensor.
inline Moments moments_of(const at::Tensor& t) {
  if (!t.defined() || t.size(0) == 1) return {};
  const float* data = t.const_data_ptr<float>();
  const int64_t channels = t.size(1);
  return {data, data + channels, data + 2 * channels};
}

struct LazyRows {
  float *gain, *offset, *slope;  // one after the other in memory; the last two null if there are no statistics
};

inline LazyRows lazy_rows(const at::Tensor& gradient) {
  float* data = gradient.mutable_data_ptr<float>();
  const int64_t channels = gradient.size(1);
  if (gradient.size(0) == 1) return {data, nullptr, nullptr};
  return {data, data + channels, data + 2 * channels};
}

}  // namespace tailnas::kernels
