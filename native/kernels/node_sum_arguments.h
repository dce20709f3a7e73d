// The arguments of tailnas::node_sum, checked.
#pragma once

#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>

#include <limits>
#include <vector>

#include "moments.h"

namespace tailnas::kernels {

using OptionalTensors = c10::List<std::optional<at::Tensor>>;

/// All arguments; moments, gammas and betas as many as raws, undefined where absent.
struct NodeArguments {
  std::vector<at::Tensor> raws, moments, gammas, betas;
  at::Tensor weights;
  bool batch_stats;
  c10::List<bool> relus;  // of which raws the ReLU counts

  int64_t count() const { return static_cast<int64_t>(raws.size()); }
  int64_t channels() const { return raws[0].size(1); }
  Moments stats(int64_t k) const { return moments_of(moments[k]); }
  const float* gamma(int64_t k) const { return gammas[k].defined() ? gammas[k].const_data_ptr<float>() : nullptr; }
  const float* beta(int64_t k) const { return betas[k].defined() ? betas[k].const_data_ptr<float>() : nullptr; }
  float least(int64_t k) const { return relus.get(k) ? 0.0f : -std::numeric_limits<float>::infinity(); }
  float weight(int64_t k) const { return weights.const_data_ptr<float>()[k]; }
};

/// Throws c10::Error.
NodeArguments node_arguments(at::TensorList raws, const OptionalTensors& moments, const OptionalTensors& gammas, const OptionalTensors& betas,
                             const at::Tensor& weights, bool batch_stats, const c10::List<bool>& relus);

}  // namespace tailnas::kernels
