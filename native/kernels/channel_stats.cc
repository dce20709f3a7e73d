// tailnas::channel_stats and tailnas::update_running_: what batch norm needs to know of a tensor before anyone reads it normalised.
#include "channel_stats.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <cmath>
#include <tuple>

#include "channel_stats_lanes.h"
#include "variants.h"

namespace tailnas::kernels {
namespace {

std::tuple<at::Tensor, at::Tensor, at::Tensor> channel_stats(const at::Tensor& x, double eps) {
  TORCH_CHECK(x.dim() == 4 && x.numel() > 0, "channel_stats: x must be [batch, channels, h, w] and not empty, got ", x.sizes());
  TORCH_CHECK(x.scalar_type() == at::kFloat, "channel_stats: x must be float32, got ", x.scalar_type());
  TORCH_CHECK(x.is_contiguous(at::MemoryFormat::ChannelsLast), "channel_stats: x must be channels-last in memory");

  const auto& kernels = variant().channel_stats;
  const int64_t channels = x.size(1), pixels = x.numel() / channels;
  const Lanes lanes = lanes_of(pixels, channels, kernels.width, at::get_num_threads());

  thread_local Kept<double> scratch;
  double* sums = scratch.zeros(2 * lanes.chunks * lanes.period + 2 * channels);  // [chunk][Σx, Σx²][lane]
  double* totals = sums + 2 * lanes.chunks * lanes.period;                        // [Σx, Σx²][channel]
  const float* data = x.const_data_ptr<float>();
  at::parallel_for(0, lanes.chunks, 1, [&](int64_t first, int64_t last) {
    for (int64_t part = first; part < last; part++) {
      double* own = sums + 2 * part * lanes.period;
      kernels.add_sums(data + lanes.begin(part), lanes.size(part), lanes.period, own, own + lanes.period);
    }
  });
  for (int64_t part = 0; part < lanes.chunks; part++)
    for (int64_t which = 0; which < 2; which++)
      add_lanes(sums + (2 * part + which) * lanes.period, lanes, totals + which * channels);

  const auto options = x.options().memory_format(at::MemoryFormat::Contiguous);
  auto mean = at::empty({channels}, options), var = at::empty({channels}, options), invstd = at::empty({channels}, options);
  for (int64_t c = 0; c < channels; c++) {
    const double m = totals[c] / pixels, v = totals[channels + c] / pixels - m * m;
    const double biased = v < 0 ? 0 : v;  // rounding; a NaN stays
    mean.mutable_data_ptr<float>()[c] = static_cast<float>(m);
    var.mutable_data_ptr<float>()[c] = static_cast<float>(biased);
    invstd.mutable_data_ptr<float>()[c] = static_cast<float>(1 / std::sqrt(biased + eps));
  }
  return {mean, var, invstd};
}

/// running ← (1 − momentum)·running + momentum·now, where the variance is the unbiased one, as batch norm does.
void update_running(at::Tensor& running_mean, at::Tensor& running_var, const at::Tensor& mean, const at::Tensor& var, double momentum,
                    int64_t count) {
  TORCH_CHECK(count > 0, "update_running_: count must be > 0, got ", count);
  for (const at::Tensor* t : std::initializer_list<const at::Tensor*>{&running_mean, &running_var, &mean, &var})
    TORCH_CHECK(t->scalar_type() == at::kFloat && t->is_contiguous() && t->sizes() == mean.sizes(),
                "update_running_: all tensors must be float32 [channels] and contiguous, got ", t->scalar_type(), t->sizes());
  const float unbiased = static_cast<float>(static_cast<double>(count) / static_cast<double>(count - 1));
  const float part = static_cast<float>(momentum), rest = static_cast<float>(1 - momentum);
  const float *m = mean.const_data_ptr<float>(), *v = var.const_data_ptr<float>();
  float *rm = running_mean.mutable_data_ptr<float>(), *rv = running_var.mutable_data_ptr<float>();
  for (int64_t c = 0; c < mean.numel(); c++) {
    rm[c] = rest * rm[c] + part * m[c];
    rv[c] = rest * rv[c] + part * (v[c] * unbiased);
  }
  // Written behind autograd's back: it must notice where an older value was saved.
  running_mean.unsafeGetTensorImpl()->bump_version();
  running_var.unsafeGetTensorImpl()->bump_version();
}

TORCH_LIBRARY_FRAGMENT(tailnas, m) {
  m.def("channel_stats(Tensor x, float eps) -> (Tensor mean, Tensor var, Tensor invstd)");
  m.def("update_running_(Tensor(a!) running_mean, Tensor(b!) running_var, Tensor mean, Tensor var, float momentum, int count) -> ()");
}

TORCH_LIBRARY_IMPL(tailnas, CPU, m) {
  m.impl("channel_stats", channel_stats);
  m.impl("update_running_", update_running);
}

// No gradient passes through them: who reads the normalised tensor adds the part that comes from the statistics.
TORCH_LIBRARY_IMPL(tailnas, AutogradCPU, m) {
  m.impl("channel_stats", torch::CppFunction::makeFallthrough());
  m.impl("update_running_", torch::CppFunction::makeFallthrough());
}

}  // namespace
}  // namespace tailnas::kernels
