#include "node_sum_arguments.h"

#include <ATen/ATen.h>

namespace tailnas::kernels {
namespace {

using at::Tensor;
constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;
constexpr const char* kCannot = "Cannot sum branches: ";

void check_raws(const std::vector<Tensor>& raws) {
  TORCH_CHECK(!raws.empty(), kCannot, "raws must not be empty");
  for (const auto& raw : raws) {
    TORCH_CHECK(raw.dim() == 4 && raw.numel() > 0 && raw.sizes() == raws[0].sizes(), kCannot,
                "raws must be [batch, channels, h, w], not empty and all of one shape, got ", raw.sizes());
    TORCH_CHECK(raw.scalar_type() == at::kFloat, kCannot, "raws must be float32, got ", raw.scalar_type());
    TORCH_CHECK(raw.is_contiguous(kChannelsLast), kCannot, "raws must be channels-last in memory");
  }
}

std::vector<Tensor> defined_or_not(const OptionalTensors& given, size_t count, const char* name) {
  TORCH_CHECK(given.size() == count, kCannot, name, " must be as many as raws, ", count, ", got ", given.size());
  std::vector<Tensor> out;
  for (const std::optional<Tensor> t : given) out.push_back(t.value_or(Tensor()));
  return out;
}

void check_channels(const std::vector<Tensor>& tensors, const std::vector<Tensor>& moments, int64_t channels, const char* name) {
  for (size_t k = 0; k < tensors.size(); k++) {
    const Tensor& t = tensors[k];
    if (!t.defined()) continue;
    TORCH_CHECK(t.scalar_type() == at::kFloat && t.dim() == 1 && t.numel() == channels && t.is_contiguous(), kCannot, name,
                " must be float32 [channels], got ", t.scalar_type(), t.sizes());
    TORCH_CHECK(moments[k].defined() && moments[k].size(0) == 3, kCannot, name, " must come with moments of three rows, raw ", k, " has none");
  }
}

}  // namespace

NodeArguments node_arguments(at::TensorList raws, const OptionalTensors& moments, const OptionalTensors& gammas, const OptionalTensors& betas,
                    const Tensor& weights, bool batch_stats, const c10::List<bool>& relus) {
  const size_t count = raws.size();
  NodeArguments a{raws.vec(), defined_or_not(moments, count, "moments"), defined_or_not(gammas, count, "gammas"),
                  defined_or_not(betas, count, "betas"), weights, batch_stats, relus};
  check_raws(a.raws);
  for (const Tensor& t : a.moments)
    if (t.defined())
      TORCH_CHECK(t.scalar_type() == at::kFloat && t.dim() == 2 && (t.size(0) == 1 || t.size(0) == 3) && t.size(1) == a.channels() &&
                      t.is_contiguous(),
                  kCannot, "moments must be float32 [1 or 3, ", a.channels(), "], got ", t.scalar_type(), t.sizes());
  TORCH_CHECK(relus.size() == count, kCannot, "relus must be as many as raws, ", count, ", got ", relus.size());
  for (size_t k = 0; k < count; k++)
    TORCH_CHECK(!relus.get(k) || (a.moments[k].defined() && a.moments[k].size(0) == 1), kCannot,
                "a raw whose ReLU counts must be a reader's, with moments of one row, those of raw ", k, " are ",
                a.moments[k].defined() ? "three rows" : "missing");
  check_channels(a.gammas, a.moments, a.channels(), "gammas");
  check_channels(a.betas, a.moments, a.channels(), "betas");
  TORCH_CHECK(weights.scalar_type() == at::kFloat && weights.dim() == 1 && weights.numel() == a.count(), kCannot, "weights must be float32 [",
              count, "], got ", weights.scalar_type(), weights.sizes());
  a.weights = weights.contiguous();
  return a;
}

}  // namespace tailnas::kernels
